import { UNSAFE_PORTS } from '../../clients/unsafe-ports.ts'
import type { ClientProfile } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { observeBy, shown, type Observation } from '../finding.ts'
import { readOAuthError } from '../oauth-error.ts'
import type { LocalEvidence, ProbedRegistration } from '../probes/caches.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization', {
  'D21-port-unsafe': {
    level: 'error',
    fix: 'Give mcp-remote another callback port after the URL: npx mcp-remote <url> 3334.',
    source: 'Fetch, bad port',
  },
  'D21-port-taken': {
    level: 'warning',
    fix: 'End the program on that port, or give mcp-remote another one after the URL.',
    source: 'mcp-remote 0.15.1, callback port',
  },
  'D21-registration-stale': {
    level: 'warning',
    fix: 'Nothing, if mcp-remote registers anew by itself; else delete the file. Make client_ids that outlive a deployment.',
    source: 'mcp-remote 0.15.1, refresh',
  },
  'D21-registration-dead': {
    level: 'error',
    fix: 'Delete the file, and *_tokens.json beside it: mcp-remote does not find out by itself. Make client_ids that outlive a deployment.',
    source: 'mcp-remote#36; clients remember registrations',
  },
  'D21-cache-unreadable': {
    level: 'warning',
    fix: 'Delete the file; mcp-remote registers anew.',
    source: 'mcp-remote 0.15.1, storage',
  },
  'D21-proxy': {
    level: 'info',
    fix: 'Start mcp-remote with --enable-proxy if the server can only be reached through the proxy.',
    source: 'mcp-remote 0.15.1, --enable-proxy',
  },
})

/** D21: what mcp-remote finds on this machine. */
export const local: Family = { rules: RULES, check: checkLocal }

const observe = observeBy(RULES)

const isMcpRemote = ({ id }: ClientProfile): boolean => id.startsWith('mcp-remote')

function checkLocal(evidence: Evidence): Observation[] {
  const { mcpUrl, mcpRemotePort, local: found } = evidence
  const callback = `http://localhost:${mcpRemotePort}`
  return [
    ...(UNSAFE_PORTS.has(mcpRemotePort)
      ? [
          observe('D21-port-unsafe', {
            where: callback,
            message: `${mcpUrl.origin}${mcpUrl.pathname} leads mcp-remote to port ${mcpRemotePort}, which Chromium refuses to open.`,
            stops: isMcpRemote,
          }),
        ]
      : []),
    ...(found === undefined ? [] : checkMachine(found, callback)),
    ...checkProxies(evidence),
  ]
}

/** Where nothing answers, a proxy that neither doctor nor the clients use may be the reason. */
function checkProxies({ proxies, local: found, discovery }: Evidence): Observation[] {
  const [name] = proxies
  if (name === undefined || (found === undefined && discovery !== undefined)) return []
  return [
    observe('D21-proxy', {
      where: `$${name}`,
      message: 'A proxy is configured, which neither mcp-remote nor this command uses by itself.',
    }),
  ]
}

function checkMachine(found: LocalEvidence, callback: string): Observation[] {
  return [
    ...(found.port === 'somebody'
      ? [
          observe('D21-port-taken', {
            where: callback,
            message:
              'Another program listens on the port that mcp-remote will want; it takes one of the next seven.',
          }),
        ]
      : []),
    ...found.registrations.flatMap(checkRegistration),
    ...found.unreadable.map((file) =>
      observe('D21-cache-unreadable', {
        where: file,
        message: 'The file is no registration that mcp-remote could read.',
      }),
    ),
  ]
}

/** Where mcp-remote 0.15.1 has been seen to recover, and where to wait for ever. */
function checkRegistration({
  file,
  isOfThisUrl,
  authorize,
  token,
  hasTokens,
}: ProbedRegistration): Observation[] {
  const atToken = token.ok ? readOAuthError(token.value) : undefined
  const isRefused = authorize.ok && authorize.value.status >= 400
  if (atToken !== 'invalid_client' && !isRefused) return []
  const where = shown(file)
  if (hasTokens && atToken === 'invalid_client')
    return [
      observe('D21-registration-stale', {
        where,
        message:
          'The server does not know this client any more; mcp-remote learns it when it refreshes.',
      }),
    ]
  return [
    observe('D21-registration-dead', {
      where,
      message: 'The server does not know this client any more, and mcp-remote goes on using it.',
      // Otherwise it is used for another URL, or with other arguments.
      stops: (client) => isOfThisUrl && isMcpRemote(client),
    }),
  ]
}
