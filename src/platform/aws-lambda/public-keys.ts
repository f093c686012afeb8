import * as v from 'valibot'
import { parseSecret } from '../../config/secret.ts'
import { signatureAlgorithmOf } from '../../config/signing-jwk.ts'
import { deriveSigningKey } from '../../crypto/signing.ts'
import { inOrderOfUse, type SecretEntry } from './secret.ts'

export interface PublicKeys {
  keys: (JsonWebKey & { kid: string; alg: string })[]
}

/** The keys that a gate pins are not to be had. The message names no value. */
export class KeysUnavailable extends Error {}

/** What the gate of a broker pins: the public half of every entry, as the core derives it. */
export async function derivePublicKeys(
  entries: readonly SecretEntry[],
  issuer: string,
  now: number,
): Promise<PublicKeys> {
  const keys = await Promise.all(
    inOrderOfUse(entries, now).map(async ({ secret }) => {
      const parsed = parseSecret(secret)
      if ('problem' in parsed) throw new KeysUnavailable(`an entry of the secret ${parsed.problem}`)
      return (await deriveSigningKey(parsed.bytes, 'sign', issuer)).publicJwk
    }),
  )
  if (keys.length === 0) throw new KeysUnavailable('the secret has no active entry')
  return { keys }
}

const Member = v.optional(v.string())
// Members named one by one: a private one, or a certificate chain, goes nowhere.
const Jwk = v.object({
  kty: v.picklist(['RSA', 'EC', 'OKP']),
  kid: v.string(),
  alg: Member,
  use: Member,
  crv: Member,
  x: Member,
  y: Member,
  n: Member,
  e: Member,
})
const Jwks = v.object({ keys: v.array(v.unknown()) })

const TIMEOUT_MS = 4_000

/** What the gate of a relay pins: the signing keys of the identity provider. */
export async function fetchPublicKeys(
  jwksUri: string,
  fetch: typeof globalThis.fetch,
): Promise<PublicKeys> {
  let document: unknown
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(jwksUri, { redirect: 'error', signal })
    if (!response.ok)
      throw new KeysUnavailable(`${jwksUri} answered with status ${response.status}`)
    document = await response.json()
  } catch (cause) {
    if (cause instanceof KeysUnavailable) throw cause
    throw new KeysUnavailable(`${jwksUri} did not answer with JSON`, { cause })
  }
  const jwks = v.safeParse(Jwks, document)
  const keys = jwks.success ? jwks.output.keys.flatMap(parsePublicKey) : []
  if (keys.length === 0) throw new KeysUnavailable(`${jwksUri} lists no signing key`)
  return { keys }
}

/** Keys for anything but signatures are left out, as every reader of a JWKS does (RFC 7517 §5). */
function parsePublicKey(candidate: unknown): PublicKeys['keys'] {
  const parsed = v.safeParse(Jwk, candidate)
  if (!parsed.success || (parsed.output.use ?? 'sig') !== 'sig') return []
  const alg = parsed.output.alg ?? signatureAlgorithmOf(parsed.output as JsonWebKey)
  if (alg === undefined) return []
  return [{ ...parsed.output, alg, use: 'sig' } as PublicKeys['keys'][number]]
}

/** Whether both hold the same keys, in whatever order. */
export function hasSameKeys(left: PublicKeys, right: PublicKeys): boolean {
  return fingerprint(left) === fingerprint(right)
}

function fingerprint({ keys }: PublicKeys): string {
  return keys
    .map(({ kty, kid, alg, crv, x, y, n, e }) => JSON.stringify([kty, kid, alg, crv, x, y, n, e]))
    .sort()
    .join('\n')
}
