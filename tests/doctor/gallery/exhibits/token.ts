import { type Exhibit, everyMethod } from './exhibit.ts'

/** The token endpoint, as a stranger sees it. */
export const TOKEN: readonly Exhibit[] = [
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
    keepsOut: 'both',
    fault: { answers: { token: { status: 404, text: 'Not Found' } } },
  },
  {
    name: 'a token endpoint that always fails',
    code: 'D03-token-endpoint-broken',
    stage: 6,
    keepsOut: 'both',
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
    keepsOut: 'both',
    fault: { needsSecret: true },
  },
  {
    name: 'resource refused at the token endpoint',
    code: 'D08-resource-refused-at-token',
    stage: 6,
    keepsOut: 'both',
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
  {
    name: 'invalid_client with another status',
    code: 'D11-token-unknown-client-status',
    stage: 6,
    fault: { unknownClientAtToken: { status: 400, error: 'invalid_client' } },
  },
]
