import { type Exhibit, everyMethod } from './exhibit.ts'

/** The 401 and its challenge. */
export const CHALLENGE: readonly Exhibit[] = [
  {
    name: 'no 401 but 403',
    code: 'D05-forbidden',
    stage: 1,
    keepsOut: 'both',
    fault: everyMethod({ status: 403 }),
  },
  {
    name: 'a redirect to a login page',
    code: 'D05-redirect',
    stage: 1,
    keepsOut: 'both',
    fault: everyMethod({
      status: 302,
      headers: { location: 'ORIGIN/login', 'www-authenticate': null },
    }),
  },
  {
    name: 'an error of the gateway',
    code: 'D05-server-error',
    stage: 1,
    keepsOut: 'both',
    fault: everyMethod({ status: 502 }),
  },
  {
    name: 'nothing at the URL',
    code: 'D05-not-found',
    stage: 1,
    keepsOut: 'both',
    fault: everyMethod({ status: 404 }),
  },
  {
    name: 'a complaint about the request instead of a challenge',
    code: 'D05-not-401',
    stage: 1,
    keepsOut: 'both',
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
  {
    name: 'GET forbidden',
    code: 'D05-get-not-401',
    stage: 1,
    fault: { answers: { 'GET mcp': { status: 403, headers: { 'www-authenticate': null } } } },
  },
  {
    name: 'GET that fails',
    code: 'D05-get-not-401',
    stage: 1,
    fault: { answers: { 'GET mcp': { status: 500, headers: { 'www-authenticate': null } } } },
  },
]
