import * as v from 'valibot'
import type { JWK } from 'jose'
import { fail, ok, type Result } from '../protocol/result.ts'

/** The public keys of a client (RFC 7517). */
export interface Jwks {
  keys: JWK[]
}

/** No `none`, no HMAC: a public key must never be taken for a shared secret (RFC 8725 §3.1). */
export const ASSERTION_ALGORITHMS: readonly string[] = ['RS256', 'PS256', 'ES256', 'EdDSA']

export const MAX_JWKS_BYTES: number = 32 * 1024

const Text = v.exactOptional(v.string())
const MEMBERS = {
  kty: v.string(),
  kid: Text,
  alg: Text,
  use: Text,
  crv: Text,
  x: Text,
  y: Text,
  n: Text,
  e: Text,
}

/** A private or symmetric key in public means that somebody else can sign as well (draft-02 §4.1). */
export const JwksSchema: v.GenericSchema<unknown, Jwks> = v.object({
  keys: v.pipe(
    v.array(
      v.pipe(
        v.looseObject({ kty: v.string() }),
        v.check((key) => !('d' in key) && !('k' in key)),
        // Nothing else goes further: what strangers nest in a key is not worth a stack.
        v.object(MEMBERS),
      ),
    ),
    v.minLength(1),
    v.maxLength(20),
  ),
})

export function parseJwks(json: unknown): Result<Jwks, string> {
  const parsed = v.safeParse(JwksSchema, json)
  return parsed.success ? ok(parsed.output) : fail('is not a JWKS of public keys')
}
