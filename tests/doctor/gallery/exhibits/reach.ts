import { bothMetadata, type Exhibit } from './exhibit.ts'

/** Whether anything arrives at all. */
export const REACH: readonly Exhibit[] = [
  {
    name: 'a bot check before everything',
    code: 'D15-bot-challenge',
    stage: 0,
    keepsOut: 'both',
    fault: {
      answers: {
        'GET mcp': {
          status: 403,
          headers: { 'cf-mitigated': 'challenge' },
          text: 'Just a moment...',
        },
        'HEAD mcp': { status: 403, headers: { 'cf-mitigated': 'challenge' } },
        'POST mcp': {
          status: 403,
          headers: { 'cf-mitigated': 'challenge' },
          text: 'Just a moment...',
        },
      },
    },
  },
  {
    name: 'a server on this machine',
    code: 'D15-not-public',
    stage: 0,
    fault: {},
  },
  {
    name: 'metadata that take six seconds',
    code: 'D15-slow',
    stage: 3,
    fault: { answers: { 'server metadata': { delaySeconds: 6 } } },
    patienceSeconds: 9,
  },
  {
    name: 'a public name with a private address besides',
    code: 'D15-private-address',
    stage: 0,
    fault: {},
    look: { addresses: ['93.184.216.34', '10.0.0.7'] },
  },
  {
    name: 'a public name with IPv6 addresses only',
    code: 'D15-no-ipv4',
    stage: 0,
    fault: {},
    look: { addresses: ['2606:2800:220:1:248:1893:25c8:1946'] },
  },
  // Web pages
  {
    name: 'nothing for web pages',
    code: 'D18-no-cors',
    stage: 0,
    fault: { withoutCors: 'everywhere' },
  },
  {
    name: 'nothing for web pages at the MCP URL alone',
    code: 'D18-no-cors-at-resource',
    stage: 1,
    fault: { withoutCors: 'mcp' },
  },
  {
    name: 'metadata that never end',
    code: 'D15-cut-off',
    stage: 2,
    keepsOut: 'both',
    patienceSeconds: 7,
    fault: { answers: { 'resource metadata': { isEndless: true } } },
    look: { limits: { secondsPerRequest: 2, seconds: 25 } },
  },
  {
    name: 'an authorization server in a private network',
    code: 'D15-special-use-address',
    stage: 3,
    keepsOut: 'both',
    fault: { answers: bothMetadata({ json: { authorization_servers: ['http://127.0.0.1:9'] } }) },
    look: { addresses: ['93.184.216.34'] },
  },
]
