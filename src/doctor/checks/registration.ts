import type { Answer, Asked } from '../ask.ts'
import { refuses, type ClientProfile } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, shown, type Observation } from '../finding.ts'
import { isObject, textOf, textsOf, type JsonObject } from '../probes/documents.ts'
import type { Registered, RegistrationEvidence } from '../probes/registration.ts'
import type { RegistrationName } from '../registration-requests.ts'
import { readOAuthError } from '../oauth-error.ts'
import { presentsDocument } from '../presents-document.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('registration', {
  'D01-registration-closed': {
    level: 'error',
    fix: 'Let anybody register: clients have no token to register with. Protect the endpoint by rate, not by a sign-in.',
    source: 'RFC 7591 §3',
  },
  'D01-registration-broken': {
    level: 'error',
    fix: 'Route registration_endpoint to what registers clients, and look at its log.',
    source: 'RFC 7591 §3.2',
  },
  'D01-registration-refused': {
    level: 'error',
    fix: 'Accept public clients on loopback; ignore metadata that you do not know instead of refusing it.',
    source: 'RFC 7591 §2, §3.2.2',
  },
  'D01-registration-limited': {
    level: 'error',
    fix: 'Raise the limit: everybody behind one address shares it, and clients register again at will.',
    source: 'RFC 6585 §4',
  },
  'D01-reply-unreadable': {
    level: 'error',
    fix: 'Answer 201 with the registered metadata and client_id as JSON.',
    source: 'RFC 7591 §3.2.1',
  },
  'D01-reply-incomplete': {
    level: 'error',
    fix: 'Return everything that was registered: clients refuse a reply without redirect_uris.',
    source: 'RFC 7591 §3.2.1',
  },
  'D01-reply-null': {
    level: 'error',
    fix: 'Leave out what has no value: clients refuse null.',
    source: 'RFC 7591 §3.2.1',
  },
  'D01-reply-time': {
    level: 'error',
    fix: 'Make client_id_issued_at and client_secret_expires_at whole seconds since the epoch.',
    source: 'RFC 7591 §3.2.1',
  },
  'D06-loopback-refused': {
    level: 'error',
    fix: 'Accept http redirect URIs on localhost, 127.0.0.1 and [::1], with any port.',
    source: 'RFC 8252 §7.3, §8.3',
  },
  'D06-loopback-port-refused': {
    level: 'warning',
    fix: 'Accept loopback redirect URIs with any port: native apps take one that is free.',
    source: 'RFC 8252 §7.3',
  },
  'D06-loopback-literal-refused': {
    level: 'warning',
    fix: 'Accept http://127.0.0.1 and http://[::1] as you accept http://localhost.',
    source: 'RFC 8252 §7.3',
  },
  'D06-hosted-refused': {
    level: 'warning',
    fix: 'Allow this client’s redirect URI, exactly as it is here.',
    source: 'RFC 9700 §2.1',
  },
  'D06-mixed-refused': {
    level: 'warning',
    fix: 'Keep the redirect URIs that are allowed and leave the others out, instead of refusing them all.',
    source: 'RFC 7591 §3.2.1; worldmonitor#8303',
  },
  'D06-closed-list': {
    level: 'info',
    fix: 'If more clients are to connect, accept loopback redirect URIs with any port, and theirs. Where an identity provider compares redirect URIs exactly (Postern as a relay), only a broker can.',
    source: 'RFC 8252 §7.3; docs/how-it-works.md',
  },
  'D06-redirect-uris-dropped': {
    level: 'warning',
    fix: 'Register and return every redirect URI that is allowed.',
    source: 'RFC 7591 §3.2.1',
  },
  'D13-method-refused': {
    level: 'warning',
    fix: 'Register the client as a public one, and say so in token_endpoint_auth_method, instead of refusing the method it asked for.',
    source: 'RFC 7591 §3.2.1',
  },
  'D13-secret-missing': {
    level: 'warning',
    fix: 'Return token_endpoint_auth_method "none" for clients that get no secret.',
    source: 'RFC 7591 §3.2.1',
  },
})

/** D01, D06 and D13: dynamic client registration (RFC 7591), as every kind of client asks for it. */
export const registration: Family = { rules: RULES, check: checkRegistration }

const observe = observeBy(RULES)

function checkRegistration(evidence: Evidence): Observation[] {
  const server = evidence.discovery?.serverMetadata.used?.document
  return checkReplies(evidence).map((observation) => ({
    ...observation,
    stops: (client) => !presentsDocument(client, server) && observation.stops(client),
  }))
}

function checkReplies({ registration }: Evidence): Observation[] {
  if (registration === undefined) return []
  const entries = [...registration]
  const refused = entries.filter(([, each]) => each.clientId === undefined)
  // Everybody is refused alike: one finding says more than one for each.
  if (refused.length === entries.length && refused[0] !== undefined)
    return explainRefusal('localhost', refused[0][1], everybody)
  const shape = checkShape(registration.get('localhost')?.answer)
  if (shape.length > 0) return shape
  if (isClosedList(registration)) return [describeClosedList(registration)]
  const localhost = registration.get('localhost')
  // Where localhost is refused altogether, the other ways to write loopback add nothing.
  const isRefused = localhost?.clientId === undefined
  return entries.flatMap(([name, each]) => {
    if (isRefused && name !== 'localhost' && LOOPBACK.includes(name)) return []
    const isItsClient = (client: ClientProfile): boolean => client.registers === name
    return each.clientId === undefined
      ? explainRefusal(name, each, name === 'localhost' ? usesLoopback : isItsClient)
      : checkReply(name, each, isItsClient)
  })
}

/**
 * A port that was configured is taken, others and other spellings of loopback are not: the server
 * has a list, as behind an identity provider that compares exactly.
 */
export function isClosedList(registration: RegistrationEvidence): boolean {
  return (
    registration.get('localhost')?.clientId !== undefined &&
    isListedOut(registration.get('random port')) &&
    isListedOut(registration.get('127.0.0.1'))
  )
}

function isListedOut(registered: Registered | undefined): boolean {
  const answer = registered?.answer
  return answer?.ok === true && readOAuthError(answer.value) === 'invalid_redirect_uri'
}

function describeClosedList(registration: RegistrationEvidence): Observation {
  const refused = [...registration].filter(([, each]) => isListedOut(each))
  const names = refused.map(([, { request }]) => request.client_name)
  const { answer } = refused[0]?.[1] ?? {}
  return observe('D06-closed-list', {
    where: answer?.ok === true ? answer.value.where : '',
    message: `Only redirect URIs that are on a list can be registered; those of ${shown(names.join(', '))} are not.`,
    stops: ({ registers }) => refused.some(([name]) => name === registers),
  })
}

const LOOPBACK: readonly RegistrationName[] = ['localhost', 'random port', '127.0.0.1']

function usesLoopback({ registers }: ClientProfile): boolean {
  return LOOPBACK.includes(registers)
}

type Stops = (client: ClientProfile) => boolean

function explainRefusal(
  name: RegistrationName,
  { request, answer }: Registered,
  stops: Stops,
): Observation[] {
  const who = request.client_name
  if (!answer.ok) {
    const { where, detail, reason } = answer.failure
    if (reason === 'special-use address') return []
    const message = `Registration gets no answer (${detail || reason}).`
    return [observe('D01-registration-broken', { where, message, stops })]
  }
  const { where, status } = answer.value
  const seen = { where, message: `${who} is refused: ${describeError(answer.value)}.`, stops }
  if (status < 300)
    return [
      observe('D01-reply-unreadable', {
        ...seen,
        message: `The reply to ${who} is ${status} without client_id.`,
      }),
    ]
  if (status === 401 || status === 403) return [observe('D01-registration-closed', seen)]
  if (status === 429) return [observe('D01-registration-limited', seen)]
  if (status !== 400 && status !== 422) return [observe('D01-registration-broken', seen)]
  return [observe(refusalCode(name, answer.value), seen)]
}

function refusalCode(name: RegistrationName, answer: Answer): keyof typeof RULES {
  if (readOAuthError(answer) !== 'invalid_redirect_uri')
    return name === 'claude' ? 'D13-method-refused' : 'D01-registration-refused'
  if (name === 'localhost') return 'D06-loopback-refused'
  if (name === 'random port') return 'D06-loopback-port-refused'
  if (name === '127.0.0.1') return 'D06-loopback-literal-refused'
  return name === 'vscode' || name === 'cursor' ? 'D06-mixed-refused' : 'D06-hosted-refused'
}

function describeError(answer: Answer): string {
  const error = readOAuthError(answer)
  if (error === undefined) return String(answer.status)
  const why = isObject(answer.json) ? textOf(answer.json, 'error_description') : undefined
  return `${answer.status} ${shown(error)}${why === undefined ? '' : ` (${shown(why)})`}`
}

function checkReply(
  name: RegistrationName,
  { request, answer }: Registered,
  stops: Stops,
): Observation[] {
  if (!answer.ok || !isObject(answer.value.json)) return []
  const { where, json } = answer.value
  return [
    ...checkEcho(name, where, request.redirect_uris, json, stops),
    ...checkMethod(name, where, json),
  ]
}

/** The same for all clients: the first says it for everybody. */
function checkShape(answer: Asked | undefined): Observation[] {
  if (answer?.ok !== true || answer.value.status >= 300 || !isObject(answer.value.json)) return []
  const { where, json } = answer.value
  if (textsOf(json, 'redirect_uris') === undefined)
    return [
      observe('D01-reply-incomplete', {
        where,
        message: 'The reply has no redirect_uris.',
        stops: refuses('no redirect_uris'),
      }),
    ]
  const nulls = Object.keys(json).filter((key) => json[key] === null)
  if (nulls.length > 0)
    return [
      observe('D01-reply-null', {
        where,
        message: `These are null in the reply: ${shown(nulls.join(', '))}.`,
        stops: refuses('an unfit type'),
      }),
    ]
  const times = ['client_id_issued_at', 'client_secret_expires_at'].filter(
    (key) => json[key] !== undefined && !Number.isInteger(json[key]),
  )
  if (times.length === 0) return []
  return [
    observe('D01-reply-time', {
      where,
      message: `${times.join(' and ')} must be a whole number.`,
      stops: refuses('an unfit type'),
    }),
  ]
}

function checkEcho(
  name: RegistrationName,
  where: string,
  asked: readonly string[],
  json: JsonObject,
  stops: Stops,
): Observation[] {
  const kept = textsOf(json, 'redirect_uris') ?? []
  const dropped = asked.filter((uri) => !kept.includes(uri))
  if (dropped.length === 0) return []
  // The same list for everybody: one finding, not one for each client.
  if (dropped.length === asked.length)
    return [
      observe('D06-redirect-uris-dropped', {
        where,
        message: `Whatever redirect URIs a client asks for, these are registered: ${shown(kept.join(', ') || 'none')}.`,
        stops,
      }),
    ]
  return [
    observe('D06-redirect-uris-dropped', {
      where,
      message: `Of the redirect URIs of ${name === 'localhost' ? 'mcp-remote' : name} these are not registered: ${shown(dropped.join(', '))}.`,
      stops,
    }),
  ]
}

function checkMethod(name: RegistrationName, where: string, json: JsonObject): Observation[] {
  const method = textOf(json, 'token_endpoint_auth_method')
  const needsSecret = method === 'client_secret_basic' || method === 'client_secret_post'
  if (name !== 'localhost' || !needsSecret || textOf(json, 'client_secret') !== undefined) return []
  return [
    observe('D13-secret-missing', {
      where,
      message: `The client is registered for ${method}, and gets no secret.`,
    }),
  ]
}
