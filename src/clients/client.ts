import type { ClientFailure } from '../protocol/failure.ts'
import type { Result } from '../protocol/result.ts'
import type { Jwks } from './client-keys.ts'

/** An OAuth client that was accepted: its redirect URIs have passed today's policy. */
export interface Client {
  /** How events, tokens and `revokeBefore` name it: its id where that is short, else its SHA-256. */
  name: string
  /** `any-allowed`: it registered none, and may use what today's policy allows everybody. */
  redirectUris: readonly string[] | 'any-allowed'
  /** Self-chosen and already cleaned; shown as a claim, never as identity. */
  displayName?: string
  /** Where it published its metadata document. That much is proven of it. */
  publisher?: ClientPublisher
  authentication: ClientAuthentication
}

export interface ClientPublisher {
  host: string
  /** Who is known to publish this very document. */
  knownClient?: string
}

export type ClientAuthentication =
  | { method: 'none' }
  | { method: 'secret'; secret: string }
  | {
      method: 'private_key_jwt'
      algorithms: readonly string[]
      /** `newerThan`: keys that were fetched before that moment will not do. */
      keys: (newerThan?: number) => Promise<Result<Jwks, ClientFailure>>
    }
