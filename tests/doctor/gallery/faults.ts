import { ABSENT, type Fault } from './fault.ts'

export interface Exhibit {
  name: string
  fault: Fault
  /** What doctor must find, and nothing else above `info`. */
  code: string
  /** When a client comes across it: 0 reach … 6 token, 7 access, 8 refresh. */
  stage: number
  /** It keeps mcp-remote out. */
  blocks?: true
  /** Only somebody who signs in can see it. */
  login?: true
  /** Longer than most need. */
  deadlineSeconds?: number
  /** What the name of the server stands for, to doctor. */
  addresses?: string[]
}

const HTML = { status: 200, text: '<!doctype html><div id="root"></div>' }
const NOT_FOUND = { status: 404 }

export const EXHIBITS: readonly Exhibit[] = [
  // Reaching it
  {
    name: 'a bot check before everything',
    code: 'D15-bot-challenge',
    stage: 0,
    blocks: true,
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
    name: 'metadata that take six seconds',
    code: 'D15-slow',
    stage: 3,
    fault: { answers: { 'server metadata': { delaySeconds: 6 } } },
    deadlineSeconds: 25,
  },
  {
    name: 'a public name with a private address besides',
    code: 'D15-private-address',
    stage: 0,
    fault: {},
    addresses: ['93.184.216.34', '10.0.0.7'],
  },
  {
    name: 'a public name with IPv6 addresses only',
    code: 'D15-no-ipv4',
    stage: 0,
    fault: {},
    addresses: ['2606:2800:220:1:248:1893:25c8:1946'],
  },
  // The challenge
  {
    name: 'no 401 but 403',
    code: 'D05-forbidden',
    stage: 1,
    blocks: true,
    fault: everyMethod({ status: 403 }),
  },
  {
    name: 'a redirect to a login page',
    code: 'D05-redirect',
    stage: 1,
    blocks: true,
    fault: everyMethod({
      status: 302,
      headers: { location: 'ORIGIN/login', 'www-authenticate': null },
    }),
  },
  {
    name: 'an error of the gateway',
    code: 'D05-server-error',
    stage: 1,
    blocks: true,
    fault: everyMethod({ status: 502 }),
  },
  {
    name: 'nothing at the URL',
    code: 'D05-not-found',
    stage: 1,
    blocks: true,
    fault: everyMethod({ status: 404 }),
  },
  {
    name: 'a complaint about the request instead of a challenge',
    code: 'D05-not-401',
    stage: 1,
    blocks: true,
    fault: everyMethod({ status: 400, headers: { 'www-authenticate': null } }),
  },
  {
    name: 'nobody is asked to sign in',
    code: 'D05-open',
    stage: 1,
    fault: { isOpen: true },
  },
  {
    name: 'a header that API Gateway renamed',
    code: 'D05-challenge-remapped',
    stage: 1,
    fault: everyMethod({
      headers: { 'www-authenticate': null, 'x-amzn-remapped-www-authenticate': 'Bearer' },
    }),
  },
  {
    name: 'a header that the gateway dropped',
    code: 'D05-challenge-lost',
    stage: 1,
    fault: everyMethod({ headers: { 'www-authenticate': null } }),
  },
  {
    name: 'Basic before Bearer',
    code: 'D05-challenge-not-bearer',
    stage: 1,
    fault: everyMethod({
      headers: { 'www-authenticate': 'Basic realm="x", Bearer scope="tools"' },
    }),
  },
  {
    name: 'a challenge without resource_metadata',
    code: 'D05-no-resource-metadata',
    stage: 1,
    fault: everyMethod({ headers: { 'www-authenticate': 'Bearer scope="tools"' } }),
  },
  {
    name: 'a relative resource_metadata',
    code: 'D05-resource-metadata-relative',
    stage: 1,
    fault: everyMethod({
      headers: {
        'www-authenticate':
          'Bearer resource_metadata="/.well-known/oauth-protected-resource/mcp", scope="tools"',
      },
    }),
  },
  {
    name: 'GET refused before the token is looked at',
    code: 'D05-get-not-401',
    stage: 1,
    fault: { answers: { 'GET mcp': { status: 405, headers: { 'www-authenticate': null } } } },
  },
  {
    name: 'HEAD not answered like GET',
    code: 'D05-head-not-401',
    stage: 1,
    fault: { answers: { 'HEAD mcp': { status: 404, headers: { 'www-authenticate': null } } } },
  },
  {
    name: 'bad tokens answered with 403',
    code: 'D05-bad-token',
    stage: 7,
    fault: { answers: { 'bad token': { status: 403, headers: { 'www-authenticate': null } } } },
  },
  // Protected resource metadata
  {
    name: 'no resource metadata anywhere',
    code: 'D03-resource-metadata-missing',
    stage: 2,
    fault: {
      answers: {
        'resource metadata': NOT_FOUND,
        'root resource metadata': NOT_FOUND,
      },
    },
  },
  {
    name: 'a web page for resource metadata',
    code: 'D03-resource-metadata-html',
    stage: 2,
    fault: { answers: { 'resource metadata': HTML, 'root resource metadata': HTML } },
  },
  {
    name: 'resource metadata behind an error',
    code: 'D03-resource-metadata-error',
    stage: 2,
    fault: {
      answers: { 'resource metadata': { status: 500 }, 'root resource metadata': { status: 500 } },
    },
  },
  {
    name: 'resource metadata on another host',
    code: 'D03-resource-metadata-redirect',
    stage: 2,
    fault: {
      answers: bothMetadata({ status: 302, headers: { location: 'http://127.0.0.2:9/elsewhere' } }),
    },
  },
  {
    name: 'offline_access as a scope of the resource',
    code: 'D07-offline-access-of-resource',
    stage: 5,
    fault: { answers: bothMetadata({ json: { scopes_supported: ['tools', 'offline_access'] } }) },
  },
  {
    name: 'resource metadata as plain text',
    code: 'D03-resource-metadata-type',
    stage: 2,
    fault: { answers: { 'resource metadata': { headers: { 'content-type': 'text/plain' } } } },
  },
  {
    name: 'resource metadata that name no authorization server',
    code: 'D03-no-authorization-server',
    stage: 2,
    fault: { answers: bothMetadata({ json: { authorization_servers: ABSENT } }) },
  },
  {
    name: 'a challenge that names a wrong address',
    code: 'D04-metadata-address-wrong',
    stage: 2,
    fault: everyMethod({
      headers: {
        'www-authenticate': 'Bearer resource_metadata="ORIGIN/nowhere", scope="tools"',
      },
    }),
  },
  {
    name: 'no resource in the metadata',
    code: 'D04-resource-missing',
    stage: 2,
    fault: { answers: bothMetadata({ json: { resource: ABSENT } }) },
  },
  {
    name: 'a resource of another origin',
    code: 'D04-resource-mismatch',
    stage: 2,
    blocks: true,
    fault: { answers: bothMetadata({ json: { resource: 'https://mcp.internal/mcp' } }) },
  },
  {
    name: 'a resource with a slash too many',
    code: 'D04-resource-mismatch',
    stage: 2,
    blocks: true,
    fault: { answers: bothMetadata({ json: { resource: 'ORIGIN/mcp/' } }) },
  },
  {
    name: 'the origin alone as resource',
    code: 'D04-resource-origin-only',
    stage: 2,
    fault: { answers: bothMetadata({ json: { resource: 'ORIGIN' } }) },
  },
  // Authorization server metadata
  {
    name: 'the identity provider’s issuer',
    code: 'D02-issuer-mismatch',
    stage: 3,
    blocks: true,
    fault: {
      answers: {
        'server metadata': {
          json: { issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x' },
        },
      },
    },
  },
  {
    name: 'an issuer with a slash',
    code: 'D02-issuer-slash',
    stage: 3,
    blocks: true,
    fault: {
      answers: { 'server metadata': { json: { issuer: 'ORIGIN/' } } },
      iss: 'absent',
    },
  },
  {
    name: 'an issuer without the slash that was advertised',
    code: 'D02-issuer-slash',
    stage: 3,
    fault: { answers: bothMetadata({ json: { authorization_servers: ['ORIGIN/'] } }) },
  },
  {
    name: 'no issuer',
    code: 'D02-issuer-missing',
    stage: 3,
    blocks: true,
    fault: { answers: { 'server metadata': { json: { issuer: ABSENT } } } },
  },
  {
    name: 'no server metadata anywhere',
    code: 'D03-server-metadata-missing',
    stage: 3,
    fault: { answers: { 'server metadata': NOT_FOUND } },
  },
  {
    name: 'a web page for server metadata',
    code: 'D03-server-metadata-html',
    stage: 3,
    blocks: true,
    fault: { answers: { 'server metadata': HTML, 'openid configuration': HTML } },
  },
  {
    name: 'server metadata behind an error',
    code: 'D03-server-metadata-error',
    stage: 3,
    blocks: true,
    fault: { answers: { 'server metadata': { status: 500 } } },
  },
  {
    name: 'server metadata on another host',
    code: 'D03-server-metadata-redirect',
    stage: 3,
    fault: {
      answers: {
        'server metadata': { status: 302, headers: { location: 'http://127.0.0.2:9/elsewhere' } },
      },
    },
  },
  {
    name: 'server metadata as plain text',
    code: 'D03-server-metadata-type',
    stage: 3,
    fault: { answers: { 'server metadata': { headers: { 'content-type': 'text/plain' } } } },
  },
  {
    name: 'an OpenID configuration that is none',
    code: 'D03-openid-incomplete',
    stage: 3,
    blocks: true,
    fault: {
      answers: {
        'server metadata': NOT_FOUND,
        'openid configuration': {
          status: 200,
          json: {
            issuer: 'ORIGIN',
            authorization_endpoint: 'ORIGIN/authorize',
            token_endpoint: 'ORIGIN/token',
            registration_endpoint: 'ORIGIN/register',
            response_types_supported: ['code'],
            code_challenge_methods_supported: ['S256'],
          },
        },
      },
    },
  },
  {
    name: 'no authorization_endpoint',
    code: 'D03-endpoint-missing',
    stage: 3,
    blocks: true,
    fault: { answers: { 'server metadata': { json: { authorization_endpoint: ABSENT } } } },
  },
  {
    name: 'endpoints that are http',
    code: 'D03-endpoint-insecure',
    stage: 3,
    blocks: true,
    fault: {
      answers: { 'server metadata': { json: { token_endpoint: 'http://mcp.example/token' } } },
    },
  },
  {
    name: 'response types without code',
    code: 'D03-no-code-response-type',
    stage: 3,
    blocks: true,
    fault: { answers: { 'server metadata': { json: { response_types_supported: ['token'] } } } },
  },
  {
    name: 'PKCE without S256',
    code: 'D03-no-s256',
    stage: 3,
    blocks: true,
    fault: {
      answers: { 'server metadata': { json: { code_challenge_methods_supported: ['plain'] } } },
    },
  },
  {
    name: 'PKCE not mentioned',
    code: 'D03-s256-unsaid',
    stage: 3,
    fault: {
      answers: { 'server metadata': { json: { code_challenge_methods_supported: ABSENT } } },
    },
  },
  {
    name: 'a null in the metadata',
    code: 'D03-field-type',
    stage: 3,
    blocks: true,
    fault: { answers: { 'server metadata': { json: { scopes_supported: null } } } },
  },
  // Registration
  {
    name: 'no registration at all',
    code: 'D01-no-registration',
    stage: 4,
    blocks: true,
    fault: {
      answers: {
        'server metadata': {
          json: { registration_endpoint: ABSENT, client_id_metadata_document_supported: ABSENT },
        },
      },
    },
  },
  {
    name: 'metadata documents only',
    code: 'D01-only-metadata-documents',
    stage: 4,
    blocks: true,
    fault: { answers: { 'server metadata': { json: { registration_endpoint: ABSENT } } } },
  },
  {
    name: 'registration for those who have a token',
    code: 'D01-registration-closed',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { status: 401, json: { error: 'invalid_token' } } } },
  },
  {
    name: 'registration that is not there',
    code: 'D01-registration-broken',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { status: 404, text: 'Not Found' } } },
  },
  {
    name: 'registration that refuses whatever comes',
    code: 'D01-registration-refused',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { status: 400, json: { error: 'invalid_client_metadata' } } } },
  },
  {
    name: 'registration for a few only',
    code: 'D01-registration-limited',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { status: 429, json: { error: 'slow_down' } } } },
  },
  {
    name: 'a page for a registration reply',
    code: 'D01-reply-unreadable',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { status: 201, text: 'Registered' } } },
  },
  {
    name: 'a registration reply without redirect_uris',
    code: 'D01-reply-incomplete',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { json: { redirect_uris: ABSENT } } } },
  },
  {
    name: 'nulls in the registration reply',
    code: 'D01-reply-null',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { json: { client_uri: null } } } },
  },
  {
    name: 'a time that is no number in the registration reply',
    code: 'D01-reply-time',
    stage: 4,
    blocks: true,
    fault: { answers: { register: { json: { client_secret_expires_at: '2027-01-01' } } } },
  },
  {
    name: 'no redirect URIs on loopback',
    code: 'D06-loopback-refused',
    stage: 4,
    blocks: true,
    fault: { refusesRedirectUris: /^http:\/\/(?:localhost(?!:8787)|127\.0\.0\.1:4)/ },
  },
  {
    name: 'only ports that are known',
    code: 'D06-loopback-port-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^http:\/\/localhost:49300/ },
  },
  {
    name: 'localhost, but not 127.0.0.1',
    code: 'D06-loopback-literal-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^http:\/\/127\.0\.0\.1:4/ },
  },
  {
    name: 'no client for one unknown scheme',
    code: 'D06-mixed-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^cursor:/ },
  },
  {
    name: 'a hosted redirect URI refused',
    code: 'D06-hosted-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^https:\/\/claude\.ai/ },
  },
  {
    name: 'redirect URIs left out',
    code: 'D06-redirect-uris-dropped',
    stage: 4,
    fault: { dropsRedirectUris: /^http:\/\/127\.0\.0\.1\/|vscode\.dev/ },
  },
  {
    name: 'an authentication method refused',
    code: 'D13-method-refused',
    stage: 4,
    fault: { refusesAuthMethod: 'client_secret_post' },
  },
  {
    name: 'a secret that is never given',
    code: 'D13-secret-missing',
    stage: 4,
    fault: {
      answers: { register: { json: { token_endpoint_auth_method: 'client_secret_basic' } } },
    },
  },
  {
    name: 'metadata documents without public clients',
    code: 'D16-without-none',
    stage: 4,
    fault: {
      answers: {
        'server metadata': {
          json: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
        },
      },
    },
  },
  // Authorization
  {
    name: 'an authorization endpoint that fails',
    code: 'D03-authorization-endpoint-broken',
    stage: 5,
    blocks: true,
    fault: { answers: { authorize: { status: 500, text: 'Internal Server Error' } } },
  },
  {
    name: 'an identity provider that shows an error',
    code: 'D20-identity-provider-refuses',
    stage: 5,
    blocks: true,
    fault: { upstream: { refusesAll: true } },
  },
  {
    name: 'a redirect with a client that is not known',
    code: 'D11-open-redirect',
    stage: 5,
    fault: { unknownClientAtAuthorize: 'redirect' },
  },
  {
    name: 'registrations that another instance has not',
    code: 'D11-registration-forgotten',
    stage: 5,
    blocks: true,
    fault: { forgetsClients: true },
  },
  {
    name: 'loopback ports compared',
    code: 'D06-port-fixed',
    stage: 5,
    fault: { comparesPorts: true },
  },
  {
    name: 'offline_access that the identity provider refuses',
    code: 'D07-scope-refused',
    stage: 5,
    blocks: true,
    fault: {
      answers: { 'server metadata': { json: { scopes_supported: ['tools', 'offline_access'] } } },
      upstream: { refusesScope: 'offline_access' },
    },
  },
  {
    name: 'a scope that the identity provider refuses',
    code: 'D07-scope-refused',
    stage: 5,
    blocks: true,
    fault: { upstream: { refusesScope: 'tools' } },
  },
  {
    name: 'resource sent on to who refuses it',
    code: 'D08-resource-refused',
    stage: 5,
    blocks: true,
    fault: { upstream: { refusesResource: true } },
  },
  {
    name: 'a callback that the identity provider does not know',
    code: 'D06-upstream-redirect-unregistered',
    stage: 5,
    blocks: true,
    fault: { upstream: { refusesRedirectUri: true } },
  },
  {
    name: 'an identity provider that turns in circles',
    code: 'D14-redirect-circle',
    stage: 5,
    blocks: true,
    fault: { upstream: { circle: true } },
  },
  {
    name: 'a button that does nothing',
    code: 'D14-form-action',
    stage: 5,
    blocks: true,
    fault: { consent: { formAction: "'self'" } },
  },
  {
    name: 'a cookie that browsers drop',
    code: 'D14-cookie-dropped',
    stage: 5,
    blocks: true,
    fault: { consent: { cookie: 'consent=1; Path=/; SameSite=None' } },
  },
  {
    name: 'a cookie that does not come back',
    code: 'D14-cookie-strict',
    stage: 5,
    blocks: true,
    fault: { consent: { cookie: 'consent=1; Path=/; SameSite=Strict' }, upstream: {} },
  },
  {
    name: 'authorization requests that work once',
    code: 'D11-authorize-spends-request',
    stage: 5,
    fault: { spendsRequests: true },
  },
  {
    name: 'metadata documents refused although advertised',
    code: 'D16-document-refused',
    stage: 5,
    fault: { refusesMetadataDocuments: true },
  },
  {
    name: 'iss promised and not sent',
    code: 'D17-iss-absent',
    stage: 5,
    blocks: true,
    fault: { iss: 'absent' },
  },
  {
    name: 'the identity provider’s iss',
    code: 'D17-iss-wrong',
    stage: 5,
    blocks: true,
    fault: { iss: 'wrong' },
  },
  {
    name: 'a page for a client that is not known',
    code: 'D11-unknown-client-html',
    stage: 5,
    fault: { unknownClientAtAuthorize: 'html' },
  },
  {
    name: 'a login for a client that is not known',
    code: 'D11-unknown-client-accepted',
    stage: 5,
    fault: { unknownClientAtAuthorize: 'login page' },
  },
  // Token
  {
    name: 'invalid_grant for a client that is not known',
    code: 'D11-token-hides-unknown-client',
    stage: 6,
    fault: { unknownClientAtToken: { status: 400, error: 'invalid_grant' } },
  },
  {
    name: 'a token endpoint that is not there',
    code: 'D03-token-endpoint-broken',
    stage: 6,
    blocks: true,
    fault: { answers: { token: { status: 404, text: 'Not Found' } } },
  },
  {
    name: 'a token endpoint that always fails',
    code: 'D03-token-endpoint-broken',
    stage: 6,
    blocks: true,
    fault: { answers: { token: { status: 500, text: 'Internal Server Error' } } },
  },
  {
    name: 'token errors as a page',
    code: 'D11-token-error-unreadable',
    stage: 6,
    fault: { tokenErrorsArePages: true },
  },
  {
    name: 'public clients without the secret that nobody gave them',
    code: 'D13-public-client-refused',
    stage: 6,
    blocks: true,
    fault: { needsSecret: true },
  },
  {
    name: 'resource refused at the token endpoint',
    code: 'D08-resource-refused-at-token',
    stage: 6,
    blocks: true,
    fault: { refusesResourceAtToken: true },
  },
  {
    name: 'token answers that caches may keep',
    code: 'D19-cacheable',
    stage: 6,
    fault: { answers: { token: { headers: { 'cache-control': null } } } },
  },
  {
    name: 'a clock that is an hour late',
    code: 'D19-clock-skew',
    stage: 6,
    fault: everyMethod({ headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } }),
  },
  // Signing in
  {
    name: 'tokens that the resource does not take',
    code: 'D09-token-refused',
    stage: 7,
    blocks: true,
    login: true,
    fault: { tokens: { areRefused: true } },
  },
  {
    name: 'refreshed tokens that the resource does not take',
    code: 'D09-refreshed-token-refused',
    stage: 8,
    login: true,
    fault: { tokens: { refreshedAreRefused: true } },
  },
  {
    name: 'tokens for somebody else',
    code: 'D09-audience',
    stage: 7,
    login: true,
    fault: { tokens: { audience: 'https://graph.example' } },
  },
  {
    name: 'an ID token for an access token',
    code: 'D09-id-token',
    stage: 7,
    login: true,
    fault: { tokens: { audience: 'client', use: 'id' } },
  },
  {
    name: 'no refresh token',
    code: 'D10-no-refresh-token',
    stage: 6,
    login: true,
    fault: { tokens: { refreshToken: 'none' } },
  },
  {
    name: 'refresh tokens that work once',
    code: 'D10-refresh-refused',
    stage: 8,
    login: true,
    fault: { tokens: { refreshToken: 'once' } },
  },
  {
    name: 'no grace for processes that race',
    code: 'D12-no-grace',
    stage: 8,
    login: true,
    fault: { tokens: { refreshToken: 'no grace' } },
  },
  {
    name: 'no token_type',
    code: 'D19-no-token-type',
    stage: 6,
    blocks: true,
    login: true,
    fault: { tokens: { typeMissing: true } },
  },
  {
    name: 'no expires_in',
    code: 'D19-no-expires-in',
    stage: 6,
    login: true,
    fault: { tokens: { expiresIn: null } },
  },
  {
    name: 'tokens that live a minute',
    code: 'D19-token-too-short',
    stage: 6,
    login: true,
    fault: { tokens: { expiresIn: 50 } },
  },
  {
    name: 'a person who may not',
    code: 'D20-sign-in-refused',
    stage: 5,
    blocks: true,
    login: true,
    fault: { deniesAccess: true },
  },
  {
    name: 'codes that cannot be redeemed',
    code: 'D13-code-refused',
    stage: 6,
    blocks: true,
    login: true,
    fault: { refusesCodes: true },
  },
  {
    name: 'tokens with too little scope',
    code: 'D07-insufficient-scope',
    stage: 7,
    blocks: true,
    login: true,
    fault: { withToken: { status: 403 } },
  },
  {
    name: 'a server that fails behind the door',
    code: 'D09-server-fails',
    stage: 7,
    blocks: true,
    login: true,
    fault: { withToken: { status: 500 } },
  },
  // Web pages
  { name: 'nothing for web pages', code: 'D18-no-cors', stage: 0, fault: { withoutCors: true } },
]

function everyMethod(change: NonNullable<NonNullable<Fault['answers']>['GET mcp']>): Fault & {
  answers: NonNullable<Fault['answers']>
} {
  return { answers: { 'GET mcp': change, 'HEAD mcp': change, 'POST mcp': change } }
}

function bothMetadata(
  change: NonNullable<NonNullable<Fault['answers']>['GET mcp']>,
): NonNullable<Fault['answers']> {
  return { 'resource metadata': change, 'root resource metadata': change }
}
