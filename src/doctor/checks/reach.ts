import type { Answer, Asked, Silence } from '../ask.ts'
import type { Evidence } from '../evidence.ts'
import { isInsecure } from '../insecure.ts'
import { everybody, observeBy, shown, type Observation } from '../finding.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('reach', {
  'D15-no-address': {
    level: 'error',
    fix: 'Create the DNS record, or correct the name in the URL.',
    source: 'RFC 9110 §4.3.2',
  },
  'D15-unreachable': {
    level: 'error',
    fix: 'Start the server, or open the port to where the clients are.',
    source: 'RFC 9110 §4.3.2',
  },
  'D15-certificate': {
    level: 'error',
    fix: 'Serve a certificate for this name, with its intermediate certificates, from a public authority. A private one needs NODE_EXTRA_CA_CERTS in every client.',
    source: 'RFC 9110 §4.3.4',
  },
  'D15-silent': {
    level: 'error',
    fix: 'Find out what holds the request: clients give up after ten seconds, hosted ones sooner.',
    source: 'Claude connector documentation, time limits',
  },
  'D15-bot-challenge': {
    level: 'error',
    fix: 'Exempt the MCP path, /.well-known, /register, /authorize and /token from bot and browser checks: MCP clients run no scripts.',
    source: 'anthropics/claude-ai-mcp#309, #877',
  },
  'D15-insecure': {
    level: 'error',
    fix: 'Serve the MCP URL over https; mcp-remote takes http only from loopback or with --allow-http.',
    source: 'MCP authorization, Communication Security',
  },
  'D15-not-public': {
    level: 'info',
    fix: 'Hosted clients (claude.ai, ChatGPT) need a public address; from a private network use mcp-remote.',
    source: 'Claude connector documentation, networking',
  },
  'D15-private-address': {
    level: 'error',
    fix: 'Publish only public addresses for this name: clients try any of them.',
    source: 'RFC 6890 §2',
  },
  'D15-no-ipv4': {
    level: 'warning',
    fix: 'Add an A record: Claude connects over IPv4 only.',
    source: 'Claude connector documentation, networking',
  },
  'D15-port': {
    level: 'warning',
    fix: 'Serve the MCP URL on port 443: hosted clients connect to no other.',
    source: 'Claude connector documentation, networking',
  },
  'D15-slow': {
    level: 'warning',
    fix: 'Answer metadata within five seconds: after that clients guess, ask again, or give up.',
    source: 'mcp-remote 0.15.1, metadata time-out',
  },
  'D15-cut-off': {
    level: 'error',
    fix: 'End the body: what comes here stops only when the reader gives up.',
    source: 'RFC 9112 §6.3',
  },
})

/** D15: whether requests arrive at all, from here and from a vendor's cloud. */
export const reach: Family = { rules: RULES, check: checkReach }

const observe = observeBy(RULES)

function checkReach(evidence: Evidence): Observation[] {
  const { mcpUrl, network, resource } = evidence
  const where = mcpUrl.origin
  if (resource === undefined)
    return [
      observe('D15-no-address', {
        where,
        message: `The name ${shown(mcpUrl.hostname)} has no address.`,
        stops: everybody,
      }),
    ]
  if (!resource.get.ok && !resource.post.ok) return [explainSilence(resource.post.failure)]
  return [
    ...checkNetwork(evidence, where, network.addresses),
    ...checkSpeed(evidence),
    ...[resource.get, resource.post].flatMap(checkBotChallenge).slice(0, 1),
  ]
}

function checkNetwork(
  { mcpUrl, network }: Evidence,
  where: string,
  addresses: string[],
): Observation[] {
  const isHosted = (client: { isHosted: boolean }): boolean => client.isHosted
  const insecure = isInsecure(mcpUrl)
    ? [
        observe('D15-insecure', {
          where,
          message: 'The MCP URL is http: tokens would travel in the clear.',
          stops: everybody,
        }),
      ]
    : []
  if (!network.isPublic) return [...insecure, checkPrivate(where, network)]
  return [
    ...insecure,
    ...(mcpUrl.protocol === 'https:' && mcpUrl.port !== ''
      ? [
          observe('D15-port', {
            where,
            message: `The MCP URL is on port ${mcpUrl.port}.`,
            stops: isHosted,
          }),
        ]
      : []),
    ...(addresses.some((address) => !address.includes(':'))
      ? []
      : [
          observe('D15-no-ipv4', {
            where,
            message: 'The name has IPv6 addresses only.',
            stops: isHosted,
          }),
        ]),
  ]
}

function checkPrivate(where: string, network: Evidence['network']): Observation {
  const stops = (client: { isHosted: boolean }): boolean => client.isHosted
  return network.isMixed
    ? observe('D15-private-address', {
        where,
        message: `The name has public addresses, and ${network.special.join(', ')}, which the internet cannot reach.`,
        stops,
      })
    : observe('D15-not-public', {
        where,
        message: 'The address is on this machine or in a private network.',
        stops,
      })
}

const METADATA_PATIENCE_MS = 5000

function checkSpeed({ resource, discovery }: Evidence): Observation[] {
  const { resourceMetadata, serverMetadata } = discovery ?? {}
  const documents = [
    resourceMetadata?.named,
    resourceMetadata?.atPath,
    resourceMetadata?.atRoot,
    ...(serverMetadata?.places ?? []),
  ]
  const answers = documents.flatMap((document) =>
    document?.last.ok === true ? [document.last.value] : [],
  )
  const slow = answers.find(({ milliseconds }) => milliseconds > METADATA_PATIENCE_MS)
  const silent = documents.find(
    (document) => document?.last.ok === false && document.last.failure.reason === 'timeout',
  )
  const cut = [...answers, ...readable(resource?.post)].find(({ end }) => end !== 'whole')
  return [
    ...(slow === undefined
      ? []
      : [
          observe('D15-slow', {
            where: slow.where,
            message: `The answer took ${Math.round(slow.milliseconds / 100) / 10} s.`,
          }),
        ]),
    ...(silent?.last.ok === false ? [explainSilence(silent.last.failure)] : []),
    ...(cut === undefined
      ? []
      : [
          observe('D15-cut-off', {
            where: cut.where,
            message: `The answer is ${cut.end === 'whole' ? '' : cut.end}.`,
            stops: everybody,
          }),
        ]),
  ]
}

function readable(asked: Asked | undefined): Answer[] {
  return asked?.ok === true ? [asked.value] : []
}

const BOT_PAGE = /just a moment|captcha|challenge-platform|verify you are human|are you a robot/i

function checkBotChallenge(asked: Asked): Observation[] {
  if (!asked.ok || !isBotChallenge(asked.value)) return []
  return [
    observe('D15-bot-challenge', {
      where: asked.value.where,
      message: `A page that checks for browsers came instead of the server's answer (${asked.value.status}).`,
      stops: everybody,
    }),
  ]
}

export function isBotChallenge({ status, headers, contentType, text }: Answer): boolean {
  if (status < 400 && status !== 202) return false
  return (
    headers.get('cf-mitigated') === 'challenge' ||
    headers.has('x-amzn-waf-action') ||
    (contentType === 'text/html' && BOT_PAGE.test(text))
  )
}

/** What it means that nothing came. */
function explainSilence({ where, reason, detail }: Silence): Observation {
  const inBrackets = detail === '' ? '' : ` (${detail})`
  switch (reason) {
    case 'no address':
      return observe('D15-no-address', {
        where,
        message: 'The name has no address.',
        stops: everybody,
      })
    case 'certificate':
      return observe('D15-certificate', {
        where,
        message: `${describeCertificate(detail)}${inBrackets}.`,
        stops: everybody,
      })
    case 'no TLS':
      return observe('D15-unreachable', {
        where,
        message: `What listens there does not speak TLS${inBrackets}.`,
        fix: 'Terminate TLS on this port; plain http on the port of https is the usual reason. If the server has no TLS at all, write http:// for loopback only.',
        stops: everybody,
      })
    case 'timeout':
    case 'out of time':
      return observe('D15-silent', { where, message: `No answer${inBrackets}.`, stops: everybody })
    case 'refused':
    case 'connection':
    case 'special-use address':
      return observe('D15-unreachable', {
        where,
        message: `The connection fails${inBrackets}.`,
        stops: everybody,
      })
  }
}

/** What Node.js found wrong with it. */
function describeCertificate(detail: string): string {
  switch (detail) {
    case 'CERT_HAS_EXPIRED':
      return 'The certificate has expired'
    case 'CERT_NOT_YET_VALID':
      return 'The certificate is not valid yet'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'The certificate is for another name'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'The certificate is signed by itself'
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'The certificate is from an authority that nobody knows'
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'Intermediate certificates are missing, or the authority is one that nobody knows'
    default:
      return 'The certificate is not one that clients accept'
  }
}
