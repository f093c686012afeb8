import type { Answer, Asked } from '../ask.ts'
import type { ClientProfile } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, shown, type Observation } from '../finding.ts'
import { isRedirect } from '../probes/documents.ts'
import { parseChallenge, type ResourceEvidence } from '../probes/resource.ts'
import { isBotChallenge } from './reach.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('challenge', {
  'D05-not-found': {
    level: 'error',
    fix: 'Give the URL of the MCP endpoint, with its path (often /mcp), and route it to the server.',
    source: 'MCP transports, Streamable HTTP',
  },
  'D05-forbidden': {
    level: 'error',
    fix: 'Answer 401 with a WWW-Authenticate header where no token was sent; 403 is for good tokens with too little scope.',
    source: 'RFC 6750 §3.1',
  },
  'D05-redirect': {
    level: 'error',
    fix: 'Answer 401 instead of a redirect to a login page or to another address of the server.',
    source: 'MCP authorization, Token Handling',
  },
  'D05-server-error': {
    level: 'error',
    fix: 'Look at the log of the server or of its gateway: without a token it must answer 401.',
    source: 'MCP authorization, Token Handling',
  },
  'D05-not-401': {
    level: 'error',
    fix: 'Check the token before everything else, and answer 401 without one.',
    source: 'MCP authorization, Token Handling',
  },
  'D05-open': {
    level: 'warning',
    fix: 'If people are to sign in, answer 401 without a token; clients that were told to expect it do not ask.',
    source: 'MCP authorization, Token Handling',
  },
  'D05-get-not-401': {
    level: 'warning',
    fix: 'Check the token before the method: clients that begin with GET find no challenge.',
    source: 'mcp-remote 0.15.1, first request',
  },
  'D05-head-not-401': {
    level: 'warning',
    fix: 'Answer HEAD as GET is answered: Gemini CLI looks for the challenge with HEAD.',
    source: 'RFC 9110 §9.3.2',
  },
  'D05-challenge-remapped': {
    level: 'warning',
    fix: 'API Gateway renames the header. Let CloudFront or a Lambda authorizer’s gateway response set WWW-Authenticate.',
    source: 'API Gateway documentation, remapped headers',
  },
  'D05-challenge-lost': {
    level: 'warning',
    fix: 'Send WWW-Authenticate: Bearer resource_metadata="…" with every 401, and let no gateway drop it.',
    source: 'RFC 9728 §5.1',
  },
  'D05-challenge-not-bearer': {
    level: 'warning',
    fix: 'Put the Bearer challenge first, or send no other: clients read the first one.',
    source: 'RFC 6750 §3',
  },
  'D05-no-resource-metadata': {
    level: 'warning',
    fix: 'Add resource_metadata="<address of the protected resource metadata>" to the challenge.',
    source: 'RFC 9728 §5.1',
  },
  'D05-resource-metadata-relative': {
    level: 'warning',
    fix: 'Make resource_metadata an absolute URL.',
    source: 'RFC 9728 §5.1',
  },
  'D05-bad-token': {
    level: 'error',
    step: 'access',
    fix: 'Answer 401 invalid_token for a token that is expired or not known: only then clients refresh it.',
    source: 'RFC 6750 §3.1',
  },
})

/** D05: the 401 and its challenge, as they arrive behind every gateway. */
export const challenge: Family = { rules: RULES, check: checkChallenge }

const observe = observeBy(RULES)

function checkChallenge({ resource, discovery, mcpUrl }: Evidence): Observation[] {
  if (resource === undefined || !resource.post.ok) return []
  const answer = resource.post.value
  // Said by the family that knows more about it.
  if (isBotChallenge(answer)) return []
  if (answer.status !== 401) return [explainStatus(answer, discovery, mcpUrl)]
  return [...checkMethods(resource), ...checkHeader(answer), ...checkBadToken(resource.badToken)]
}

const UNKNOWN_HOST =
  'Everything is refused with 403 here: tell the server its public address, the one that people type (Postern: the MCP URL), and let a proxy in front pass the Host header on.'

function isForbidden(asked: Asked | undefined): boolean {
  return asked?.ok === true && asked.value.status === 403
}

const OTHER_PATH =
  'The server names this URL as its own, and the request does not find it: let a proxy in front pass the path on as it is, or route this path to the server.'

function explainStatus(answer: Answer, discovery: Evidence['discovery'], mcpUrl: URL): Observation {
  const { where, status } = answer
  const seen = {
    where,
    message: `Without a token the answer is ${status}, not 401.`,
    stops: everybody,
  }
  if (status === 404 || status === 410) {
    const isNamed = discovery?.resourceMetadata.used?.document['resource'] === mcpUrl.href
    return observe('D05-not-found', { ...seen, ...(isNamed ? { fix: OTHER_PATH } : {}) })
  }
  if (status === 403)
    return observe('D05-forbidden', {
      ...seen,
      stops: (client) => !client.signsInAt.includes(status),
      ...(isForbidden(discovery?.resourceMetadata.atPath.last) ? { fix: UNKNOWN_HOST } : {}),
    })
  if (isRedirect(answer))
    return observe('D05-redirect', {
      ...seen,
      message: `Without a token the answer is ${status} to ${shown(answer.headers.get('location')?.split(/[?#]/, 1)[0] ?? 'nowhere')}, not 401.`,
    })
  if (status >= 500) return observe('D05-server-error', seen)
  if (status < 300)
    return observe('D05-open', {
      where,
      message: 'The server answers without a token.',
      stops: (client) => client.id === 'claude',
    })
  return observe('D05-not-401', seen)
}

function checkMethods({ get, head }: ResourceEvidence): Observation[] {
  if (get.ok && get.value.status !== 401 && !isBotChallenge(get.value))
    return [
      observe('D05-get-not-401', {
        where: get.value.where,
        message: `POST is answered with 401, and GET with ${get.value.status}.`,
      }),
    ]
  if (head.ok && head.value.status !== 401)
    return [
      observe('D05-head-not-401', {
        where: head.value.where,
        message: `GET is answered with 401, and HEAD with ${head.value.status}.`,
        stops: needsChallenge,
      }),
    ]
  return []
}

const REMAPPED = 'x-amzn-remapped-www-authenticate'

function checkHeader({ where, headers }: Answer): Observation[] {
  const challenge = parseChallenge(headers.get('www-authenticate'))
  if (challenge === undefined)
    return [
      headers.has(REMAPPED)
        ? observe('D05-challenge-remapped', {
            where,
            message: `The 401 has its challenge in ${REMAPPED}, where no client looks.`,
            stops: needsChallenge,
          })
        : observe('D05-challenge-lost', {
            where,
            message: 'The 401 has no WWW-Authenticate header.',
            stops: needsChallenge,
          }),
    ]
  if (challenge.scheme.toLowerCase() !== 'bearer')
    return [
      observe('D05-challenge-not-bearer', {
        where,
        message: `The first challenge is ${shown(challenge.scheme)}, not Bearer.`,
        stops: needsChallenge,
      }),
    ]
  if (challenge.resourceMetadata === undefined)
    return [
      observe('D05-no-resource-metadata', {
        where,
        message: 'The challenge does not name the protected resource metadata.',
      }),
    ]
  if (!/^https?:\/\//i.test(challenge.resourceMetadata))
    return [
      observe('D05-resource-metadata-relative', {
        where,
        message: `resource_metadata is ${shown(challenge.resourceMetadata)}, which is no absolute URL.`,
      }),
    ]
  return []
}

/** The others find the metadata at the well-known addresses. */
function needsChallenge(client: ClientProfile): boolean {
  return client.needsChallengeAtHead
}

function checkBadToken(badToken: Asked): Observation[] {
  if (!badToken.ok || badToken.value.status === 401) return []
  return [
    observe('D05-bad-token', {
      where: badToken.value.where,
      message: `A token that nobody issued is answered with ${badToken.value.status}, not 401.`,
    }),
  ]
}
