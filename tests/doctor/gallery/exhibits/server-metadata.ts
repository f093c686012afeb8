import { ABSENT } from '../fault.ts'
import { type Exhibit, bothMetadata } from './exhibit.ts'

const HTML = { status: 200, text: '<!doctype html><div id="root"></div>' }
const NOT_FOUND = { status: 404 }
const DOCUMENT = {
  issuer: 'ORIGIN',
  authorization_endpoint: 'ORIGIN/authorize',
  token_endpoint: 'ORIGIN/token',
  registration_endpoint: 'ORIGIN/register',
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
}

/** Authorization server metadata. */
export const SERVER_METADATA: readonly Exhibit[] = [
  {
    name: 'the identity provider’s issuer',
    code: 'D02-issuer-mismatch',
    stage: 3,
    keepsOut: 'new',
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
    keepsOut: 'new',
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
    keepsOut: 'both',
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
    keepsOut: 'both',
    fault: { answers: { 'server metadata': HTML, 'openid configuration': HTML } },
  },
  {
    name: 'server metadata behind an error',
    code: 'D03-server-metadata-error',
    stage: 3,
    keepsOut: 'both',
    fault: { answers: { 'server metadata': { status: 500 } } },
  },
  {
    name: 'server metadata on another host',
    code: 'D03-server-metadata-redirect',
    stage: 3,
    fault: {
      answers: {
        'server metadata': {
          status: 302,
          headers: { location: 'ELSEWHERE/.well-known/openid-configuration' },
        },
        'openid configuration': { status: 200, json: DOCUMENT },
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
    keepsOut: 'both',
    fault: {
      answers: {
        'server metadata': NOT_FOUND,
        'openid configuration': {
          status: 200,
          json: DOCUMENT,
        },
      },
    },
  },
  {
    name: 'no authorization_endpoint',
    code: 'D03-endpoint-missing',
    stage: 3,
    keepsOut: 'both',
    fault: { answers: { 'server metadata': { json: { authorization_endpoint: ABSENT } } } },
  },
  {
    name: 'endpoints that are http',
    code: 'D03-endpoint-insecure',
    stage: 3,
    keepsOut: 'both',
    fault: {
      answers: { 'server metadata': { json: { token_endpoint: 'http://mcp.example/token' } } },
    },
  },
  {
    name: 'response types without code',
    code: 'D03-no-code-response-type',
    stage: 3,
    keepsOut: 'both',
    fault: { answers: { 'server metadata': { json: { response_types_supported: ['token'] } } } },
  },
  {
    name: 'PKCE without S256',
    code: 'D03-no-s256',
    stage: 3,
    keepsOut: 'both',
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
    keepsOut: 'both',
    fault: { answers: { 'server metadata': { json: { scopes_supported: null } } } },
  },
  {
    name: 'server metadata behind a sign-in',
    code: 'D03-server-metadata-error',
    stage: 3,
    fault: { answers: { 'server metadata': { status: 401 } } },
  },
  {
    name: 'server metadata behind a gateway that is down',
    code: 'D03-server-metadata-error',
    stage: 3,
    keepsOut: 'old',
    fault: { answers: { 'server metadata': { status: 502 } } },
  },
  {
    name: 'no response types',
    code: 'D03-no-code-response-type',
    stage: 3,
    keepsOut: 'both',
    fault: { answers: { 'server metadata': { json: { response_types_supported: ABSENT } } } },
  },
  {
    name: 'a text where a list belongs',
    code: 'D03-field-type',
    stage: 3,
    keepsOut: 'both',
    fault: {
      answers: { 'server metadata': { json: { grant_types_supported: 'authorization_code' } } },
    },
  },
]
