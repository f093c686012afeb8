import * as v from 'valibot'
import type { Sealer } from '../crypto/seal.ts'
import type { ClientMetadata } from '../protocol/client-metadata.ts'

/** What a `client_id` from registration seals: it is the registration, so none can be forgotten. */
export interface Registration {
  redirectUris: string[]
  name?: string | undefined
  authMethod: 'none'
  /** Seconds since the epoch. */
  issuedAt: number
}

export const RegistrationSchema: v.GenericSchema<unknown, Registration> = v.strictObject({
  redirectUris: v.array(v.string()),
  name: v.optional(v.string()),
  authMethod: v.literal('none'),
  issuedAt: v.number(),
})

const BUDGET_BYTES = 1024
export const MAX_CLIENT_ID_BYTES = 2048

/**
 * Seals a registration into a client_id; undefined when it cannot be kept below the hard limit.
 * Over the budget the name goes first: it is only shown, and a long client_id makes long URLs.
 */
export async function sealRegistration(
  sealer: Sealer,
  metadata: ClientMetadata,
  issuedAt: number,
): Promise<string | undefined> {
  const { redirectUris, name } = metadata
  const registration = { redirectUris, authMethod: 'none', issuedAt } as const
  const named = name === undefined ? registration : { ...registration, name }
  const clientId = await sealer.seal('client_id', named, null)
  if (clientId.length <= BUDGET_BYTES) return clientId
  const nameless = await sealer.seal('client_id', registration, null)
  return nameless.length <= MAX_CLIENT_ID_BYTES ? nameless : undefined
}
