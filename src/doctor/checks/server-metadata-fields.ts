import { refuses, type ClientProfile } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, shown, type Observation } from '../finding.ts'
import { isInsecure } from '../insecure.ts'
import { isSameIssuer } from '../issuer.ts'
import { presentsDocument } from '../presents-document.ts'
import { textOf, textsOf, type JsonObject } from '../probes/documents.ts'
import type { ServerMetadataEvidence } from '../probes/metadata.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization server metadata', {
  'D01-no-registration': {
    level: 'error',
    step: 'registration',
    fix: 'Offer registration_endpoint (RFC 7591), or client_id_metadata_document_supported; or put Postern in front of a server that can do neither.',
    source: 'MCP authorization, Client Registration Approaches',
  },
  'D01-only-metadata-documents': {
    level: 'warning',
    step: 'registration',
    fix: 'Offer registration_endpoint (RFC 7591) as well: mcp-remote, Cursor, Gemini CLI and older clients know nothing else.',
    source: 'RFC 7591 §3',
  },
  'D02-issuer-missing': {
    level: 'error',
    fix: 'Add issuer: the same text as in authorization_servers.',
    source: 'RFC 8414 §2',
  },
  'D02-issuer-mismatch': {
    level: 'error',
    fix: 'Make issuer, authorization_servers and the base of the well-known address one and the same text. Behind a facade it is the facade’s origin, never the identity provider’s.',
    source: 'RFC 8414 §3.3',
  },
  'D02-issuer-slash': {
    level: 'error',
    fix: 'Write the issuer everywhere without a slash at its end.',
    source: 'RFC 8414 §3.3',
  },
  'D03-openid-incomplete': {
    level: 'error',
    fix: 'Serve the document at /.well-known/oauth-authorization-server; an openid-configuration needs jwks_uri, subject_types_supported and id_token_signing_alg_values_supported.',
    source: 'OpenID Connect Discovery §3',
  },
  'D03-endpoint-missing': {
    level: 'error',
    fix: 'Add authorization_endpoint and token_endpoint as absolute URLs.',
    source: 'RFC 8414 §2',
  },
  'D03-endpoint-insecure': {
    level: 'error',
    fix: 'Name https addresses: a server behind a proxy must be told its public scheme and host.',
    source: 'OAuth 2.1 §1.5',
  },
  'D03-no-code-response-type': {
    level: 'error',
    fix: 'Set response_types_supported to ["code"].',
    source: 'RFC 8414 §2',
  },
  'D03-no-s256': {
    level: 'error',
    fix: 'Set code_challenge_methods_supported to ["S256"].',
    source: 'MCP authorization, Authorization Code Protection',
  },
  'D03-s256-unsaid': {
    level: 'warning',
    fix: 'Set code_challenge_methods_supported to ["S256"].',
    source: 'MCP authorization, Authorization Code Protection',
  },
  'D03-field-type': {
    level: 'error',
    fix: 'Leave out what has no value, and make lists lists: clients check types and take nothing else.',
    source: 'RFC 8414 §2, §3.2',
  },
  'D16-without-none': {
    level: 'warning',
    step: 'registration',
    fix: 'List "none" in token_endpoint_auth_methods_supported: clients with a metadata document are public.',
    source: 'Claude connector documentation, client registration',
  },
})

/** D01, D02, D03, D16: what the authorization server metadata says (RFC 8414 §2). */
export const serverMetadataFields: Family = { rules: RULES, check: checkServerMetadataFields }

const observe = observeBy(RULES)

function checkServerMetadataFields({ discovery }: Evidence): Observation[] {
  const serverMetadata = discovery?.serverMetadata
  if (serverMetadata?.used === undefined) return []
  const { url, document } = serverMetadata.used
  const where = `GET ${url}`
  return [
    ...(isOpenid(url) ? checkOpenid(where, document) : []),
    ...checkFields(where, document),
    ...checkIssuer(where, serverMetadata, document),
    ...checkEndpoints(where, document),
    ...checkPkce(where, document),
    ...checkRegistrationWays(where, document),
  ]
}

function isOpenid(url: string): boolean {
  return url.includes('/.well-known/openid-configuration')
}

function checkOpenid(where: string, document: JsonObject): Observation[] {
  const needed = ['jwks_uri', 'subject_types_supported', 'id_token_signing_alg_values_supported']
  const missing = needed.filter((name) => document[name] === undefined)
  if (missing.length === 0) return []
  return [
    observe('D03-openid-incomplete', {
      where,
      message: `The OpenID configuration has no ${missing.join(', ')}.`,
      stops: refuses('an unfit type'),
    }),
  ]
}

const LISTS = [
  'scopes_supported',
  'response_types_supported',
  'grant_types_supported',
  'token_endpoint_auth_methods_supported',
  'code_challenge_methods_supported',
]
const FLAGS = [
  'client_id_metadata_document_supported',
  'authorization_response_iss_parameter_supported',
]

/** Types that clients check before they read anything. */
function checkFields(where: string, document: JsonObject): Observation[] {
  const wrong = [
    ...LISTS.filter(
      (name) => document[name] !== undefined && textsOf(document, name) === undefined,
    ),
    ...FLAGS.filter((name) => !['undefined', 'boolean'].includes(typeof document[name])),
  ]
  if (wrong.length === 0) return []
  return [
    observe('D03-field-type', {
      where,
      message: `These have a type that they must not have: ${wrong.join(', ')}.`,
      stops: refuses('an unfit type'),
    }),
  ]
}

function checkIssuer(
  where: string,
  { advertised: named, isNamed }: ServerMetadataEvidence,
  document: JsonObject,
): Observation[] {
  // As the SDK makes it up.
  const advertised = isNamed ? named : `${named}/`
  const issuer = textOf(document, 'issuer')
  if (issuer === undefined)
    return [
      observe('D02-issuer-missing', {
        where,
        message: 'The document has no issuer.',
        stops: refuses('no issuer'),
      }),
    ]
  if (issuer === advertised || (!isNamed && `${issuer}/` === advertised)) return []
  const message = `issuer is ${shown(issuer)}, and ${isNamed ? 'authorization_servers names' : 'without authorization_servers clients expect'} ${shown(advertised)}.`
  const stops = (client: ClientProfile): boolean => !acceptsIssuer(client, issuer, advertised)
  const isSlash = isSameIssuer(issuer, advertised)
  return [observe(isSlash ? 'D02-issuer-slash' : 'D02-issuer-mismatch', { where, message, stops })]
}

function acceptsIssuer(client: ClientProfile, issuer: string, advertised: string): boolean {
  switch (client.issuer) {
    case 'exact':
      return false
    case 'added-slash':
      return advertised === `${issuer}/`
    case 'root-slash':
      return isSameIssuer(issuer, advertised) && URL.parse(issuer)?.pathname === '/'
    case 'ignored':
      return true
  }
}

function checkEndpoints(where: string, document: JsonObject): Observation[] {
  const names = ['authorization_endpoint', 'token_endpoint']
  const missing = names.filter(
    (name) => !/^https?:$/.test(URL.parse(textOf(document, name) ?? '')?.protocol ?? ''),
  )
  if (missing.length > 0)
    return [
      observe('D03-endpoint-missing', {
        where,
        message: `${missing.join(' and ')} ${missing.length === 1 ? 'is no URL' : 'are no URLs'}.`,
        stops: everybody,
      }),
    ]
  const insecure = [...names, 'registration_endpoint'].filter((name) => {
    const url = URL.parse(textOf(document, name) ?? '')
    return url !== null && isInsecure(url)
  })
  if (insecure.length === 0) return []
  return [
    observe('D03-endpoint-insecure', {
      where,
      message: `These are http: ${insecure.join(', ')}.`,
      stops: everybody,
    }),
  ]
}

function checkPkce(where: string, document: JsonObject): Observation[] {
  const types = textsOf(document, 'response_types_supported')
  const methods = textsOf(document, 'code_challenge_methods_supported')
  return [
    ...(types?.includes('code') === true ||
    (types === undefined && document['response_types_supported'] !== undefined)
      ? []
      : [
          observe('D03-no-code-response-type', {
            where,
            message: `response_types_supported is ${types === undefined ? 'missing' : shown(JSON.stringify(types))}.`,
            stops: refuses(types === undefined ? 'an unfit type' : 'no code response type'),
          }),
        ]),
    ...(methods !== undefined && !methods.includes('S256')
      ? [
          observe('D03-no-s256', {
            where,
            message: 'code_challenge_methods_supported has no S256.',
            stops: refuses('no S256'),
          }),
        ]
      : []),
    ...(document['code_challenge_methods_supported'] === undefined
      ? [
          observe('D03-s256-unsaid', {
            where,
            message: 'code_challenge_methods_supported is missing.',
            stops: refuses('S256 unsaid'),
          }),
        ]
      : []),
  ]
}

function checkRegistrationWays(where: string, document: JsonObject): Observation[] {
  const takesDocuments = document['client_id_metadata_document_supported'] === true
  if (textOf(document, 'registration_endpoint') === undefined)
    return [
      takesDocuments
        ? observe('D01-only-metadata-documents', {
            where,
            message:
              'Clients can only come with a metadata document: there is no registration_endpoint.',
            stops: (client) => !presentsDocument(client, document),
          })
        : observe('D01-no-registration', {
            where,
            message: 'There is no registration_endpoint, and no support for metadata documents.',
            stops: everybody,
          }),
    ]
  const methods = textsOf(document, 'token_endpoint_auth_methods_supported')
  if (!takesDocuments || methods?.includes('none') === true) return []
  return [
    observe('D16-without-none', {
      where,
      message:
        'Metadata documents are supported, and public clients (none) are not among the authentication methods.',
    }),
  ]
}
