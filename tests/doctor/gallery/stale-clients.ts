import type { Fault } from './fault.ts'

/** One row of the matrix of what mcp-remote does when the server has forgotten its client. */
export interface StaleClient {
  name: string
  /** How the server answers clients that it does not know. */
  fault: Fault
  /** Whether mcp-remote still has tokens, which the server has forgotten as well. */
  hasTokens: boolean
  /** What blocks first comes first. */
  codes: string[]
  keepsOut?: 'both'
}

export const STALE_CLIENTS: readonly StaleClient[] = [
  {
    name: 'tokens, and /token says invalid_client',
    fault: {},
    hasTokens: true,
    codes: ['D21-registration-stale'],
  },
  {
    name: 'tokens, and /token says invalid_grant',
    fault: { unknownClientAtToken: { status: 400, error: 'invalid_grant' } },
    hasTokens: true,
    codes: ['D21-registration-dead', 'D11-token-hides-unknown-client'],
    keepsOut: 'both',
  },
  {
    name: 'no tokens, and /authorize says invalid_client',
    fault: {},
    hasTokens: false,
    codes: ['D21-registration-dead'],
    keepsOut: 'both',
  },
  {
    name: 'no tokens, and /authorize shows a page',
    fault: { unknownClientAtAuthorize: 'html' },
    hasTokens: false,
    codes: ['D21-registration-dead', 'D11-unknown-client-html'],
    keepsOut: 'both',
  },
]
