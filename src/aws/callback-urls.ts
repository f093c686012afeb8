import { KNOWN_CLIENTS } from '../clients/known-clients-data.ts'
import { UNSAFE_PORTS } from '../clients/unsafe-ports.ts'
import { candidatePorts, type McpRemoteCall, parseMcpRemoteArguments } from './mcp-remote.ts'

/** Callback URLs of one client, the likeliest first. */
export interface ServedClient {
  client: string
  urls: string[]
}

export interface CallbackUrls {
  urls: string[]
  clients: ServedClient[]
  /** Clients whose port is random or chosen elsewhere: an exact list cannot serve them. */
  notServed: readonly string[]
  warnings: string[]
}

/** Cognito quotas: callback URLs of one app client, not adjustable. */
export const MAX_CALLBACK_URLS = 100

/** The hosts for which Cognito takes http (CreateUserPoolClient, CallbackURLs). */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']

const NOT_SERVED = [
  'Claude Code (random port, unless --callback-port)',
  'Codex CLI (random port, unless mcp_oauth_callback_port)',
  'Gemini CLI (random port, unless OAUTH_CALLBACK_PORT)',
  'Goose (random port, unless GOOSE_OAUTH_CALLBACK_PORT)',
  'Zed (random port)',
]

/**
 * What an identity provider that compares redirect URIs exactly must know, so that mcp-remote and
 * Claude's hosted connectors can sign in at it. `args` are mcp-remote's own, without the URL.
 */
export function callbackUrls(options: { url: string; args?: readonly string[] }): string[] {
  const call = parseMcpRemoteArguments([options.url, ...(options.args ?? [])])
  if (!call.ok) throw new TypeError(call.failure)
  return describeCallbackUrls(call.value).urls
}

export function describeCallbackUrls(call: McpRemoteCall): CallbackUrls {
  const hosts = call.host === undefined ? ['localhost', '127.0.0.1'] : [call.host]
  // People type the URL with and without a trailing slash, and mcp-remote takes it as it is.
  const spellings = call.port === undefined ? [call, withOtherSlash(call)] : [call]
  const ports = spellings.flatMap(candidatePorts)
  const clients = [
    ...KNOWN_CLIENTS.filter(({ name }) => name === 'Claude').map(({ name, redirectUris }) => ({
      client: `${name} (claude.ai and Claude Desktop connectors)`,
      urls: [...redirectUris],
    })),
    ...(call.withoutBrowser
      ? []
      : [
          {
            client: 'mcp-remote',
            urls: ports.flatMap((port) =>
              hosts.map((host) => `http://${host}:${port}${call.callbackPath}`),
            ),
          },
        ]),
  ]
  return {
    urls: [...new Set(clients.flatMap(({ urls }) => urls))],
    clients,
    notServed: NOT_SERVED,
    warnings: call.withoutBrowser
      ? ['without a browser mcp-remote has no callback']
      : [...warnOfHosts(hosts), ...warnOfPorts(spellings)],
  }
}

function withOtherSlash(call: McpRemoteCall): McpRemoteCall {
  const [, path = '', rest = ''] = /^([^?#]*)([^]*)$/.exec(call.serverUrl) ?? []
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  return { ...call, serverUrl: `${other}${rest}` }
}

function warnOfHosts(hosts: readonly string[]): string[] {
  return hosts
    .filter((host) => !LOOPBACK_HOSTS.includes(host))
    .map((host) => `Cognito takes http for ${LOOPBACK_HOSTS.join(', ')} only, not for ${host}`)
}

function warnOfPorts(spellings: readonly McpRemoteCall[]): string[] {
  return spellings.flatMap((call) => {
    const [port] = candidatePorts(call)
    if (port === undefined || !UNSAFE_PORTS.has(port)) return []
    return [
      `${call.serverUrl} leads to port ${port}, which Chromium refuses to open: type another port after the URL`,
    ]
  })
}
