import type { ClientAssertions } from '../clients/client-assertion.ts'
import type { ClientDocuments } from '../clients/client-documents.ts'
import type { Config } from '../config/resolve.ts'
import type { Sealer } from '../crypto/seal.ts'
import type { SigningKey } from '../crypto/signing.ts'
import type { IdentityProvider } from '../identity-provider/identity-provider.ts'
import type { CookieNames } from '../protocol/cookies.ts'
import type { RedirectPolicy } from '../protocol/redirect-uri.ts'
import type { Runtime } from '../runtime.ts'
import type { RedeemedCodes } from './redeemed-codes.ts'
import type { SharedRefreshes } from './shared-refreshes.ts'

/** What the endpoints share. Made once per process. */
export interface AuthorizationServer {
  config: Config
  runtime: Runtime
  sealer: Sealer
  redirectPolicy: RedirectPolicy
  /** Undefined where metadata documents are switched off, or cannot be fetched safely. */
  documents: ClientDocuments | undefined
  assertions: ClientAssertions
  cookies: CookieNames
  identityProvider: IdentityProvider
  /** The first signs; all stand in the JWKS. */
  signingKeys: () => Promise<readonly SigningKey[]>
  redeemedCodes: RedeemedCodes
  refreshes: SharedRefreshes
}

export function nowSeconds(server: { runtime: Pick<Runtime, 'now'> }): number {
  return Math.floor(server.runtime.now() / 1000)
}
