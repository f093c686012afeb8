import { ABSENT } from '../fault.ts'
import { type Exhibit, bothMetadata, everyMethod } from './exhibit.ts'

const HTML = { status: 200, text: '<!doctype html><div id="root"></div>' }
const NOT_FOUND = { status: 404 }

/** Protected resource metadata. */
export const RESOURCE_METADATA: readonly Exhibit[] = [
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
      answers: {
        'resource metadata': {
          status: 302,
          headers: { location: 'ELSEWHERE/.well-known/oauth-protected-resource' },
        },
      },
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
    keepsOut: 'both',
    fault: { answers: bothMetadata({ json: { resource: 'https://mcp.internal/mcp' } }) },
  },
  {
    name: 'a resource with a slash too many',
    code: 'D04-resource-mismatch',
    stage: 2,
    keepsOut: 'both',
    fault: { answers: bothMetadata({ json: { resource: 'ORIGIN/mcp/' } }) },
  },
  {
    name: 'the origin alone as resource',
    code: 'D04-resource-origin-only',
    stage: 2,
    fault: { answers: bothMetadata({ json: { resource: 'ORIGIN' } }) },
  },
  {
    name: 'resource metadata at the root only, and nobody says so',
    code: 'D03-resource-metadata-path',
    also: ['D05-no-resource-metadata'],
    stage: 2,
    fault: {
      answers: {
        ...everyMethod({ headers: { 'www-authenticate': 'Bearer scope="tools"' } }).answers,
        'resource metadata': NOT_FOUND,
      },
    },
  },
  {
    name: 'resource metadata behind a sign-in',
    code: 'D03-resource-metadata-error',
    stage: 2,
    fault: {
      answers: { 'resource metadata': { status: 401 }, 'root resource metadata': { status: 401 } },
    },
  },
  {
    name: 'no scopes anywhere',
    code: 'D07-no-scope-hint',
    stage: 5,
    fault: {
      answers: {
        ...everyMethod({
          headers: {
            'www-authenticate':
              'Bearer resource_metadata="ORIGIN/.well-known/oauth-protected-resource/mcp"',
          },
        }).answers,
        ...bothMetadata({ json: { scopes_supported: ABSENT } }),
        'server metadata': { json: { scopes_supported: ABSENT } },
      },
    },
  },
]
