import { CompactEncrypt, compactDecrypt, errors } from 'jose'
import * as v from 'valibot'
import type { Emit } from '../events.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { utf8 } from './digest.ts'
import { deriveBits, keyId } from './keys.ts'

/** What may be sealed. The key and the payload both name the purpose. */
export type SealPurpose = 'client_id' | 'consent' | 'transaction' | 'code' | 'refresh_token'

export type SealFailure =
  | { reason: 'seal_malformed' | 'seal_unknown_key' | 'seal_broken' | 'seal_unreadable' }
  /** Too late for the value, but the story of its sign-in should say so. */
  | { reason: 'seal_expired'; flow?: string }

/** Encrypts and authenticates small values for one purpose, one issuer, one lifetime. */
export interface Sealer {
  /** `expiresAt` in seconds since the epoch; null for what never expires. */
  seal: (purpose: SealPurpose, value: object, expiresAt: number | null) => Promise<string>
  /** The only function that opens seals. Checks key, purpose, expiry and the value's schema. */
  open: <T>(
    purpose: SealPurpose,
    sealed: string,
    schema: v.GenericSchema<unknown, T>,
  ) => Promise<Result<T, SealFailure>>
}

interface SealKey {
  kid: string
  key: Uint8Array<ArrayBuffer>
}

const ALGORITHM = 'dir'
const ENCRYPTION = 'A256GCM'
/** No seal is longer than this; `seal` does not check, `open` refuses. */
export const MAX_SEALED_LENGTH = 16_384
// Five parts; `dir` has no encrypted key, so the second is empty (RFC 7516 §5.1).
// The unused bits at the end of a part must be zero, which decoders do not check: a second spelling
// of a client_id would have another hash, and so escape its cut-off.
const COMPACT_JWE =
  /^[\w-]+\.\.[\w-]{16}\.(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?\.[\w-]{21}[AQgw]$/

const Envelope = v.strictObject({
  purpose: v.string(),
  expiresAt: v.nullable(v.number()),
  value: v.unknown(),
})

/** Whatever is sealed, this much of it may be told once it has expired. */
const FlowOfValue = v.fallback(v.object({ flow: v.exactOptional(v.string()) }), {})

export function createSealer(input: {
  /** The first seals, all open. */
  secrets: readonly Uint8Array<ArrayBuffer>[]
  /** These open client ids only. */
  retiredSecrets: readonly Uint8Array<ArrayBuffer>[]
  issuer: string
  now: () => number
  emit?: Emit
}): Sealer {
  const derived = new Map<SealPurpose, Promise<SealKey[]>>()

  function keysFor(purpose: SealPurpose): Promise<SealKey[]> {
    const known = derived.get(purpose)
    if (known !== undefined) return known
    const secrets =
      purpose === 'client_id' ? [...input.secrets, ...input.retiredSecrets] : input.secrets
    const keys = Promise.all(
      secrets.map(async (secret) => {
        const key = await deriveBits(secret, purpose, input.issuer)
        return { kid: await keyId(key), key }
      }),
    )
    derived.set(purpose, keys)
    return keys
  }

  return {
    seal: async (purpose, value, expiresAt) => {
      const [first] = await keysFor(purpose)
      if (first === undefined) throw new TypeError('at least one secret is needed')
      return new CompactEncrypt(utf8(JSON.stringify({ purpose, expiresAt, value })))
        .setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION, kid: first.kid })
        .encrypt(first.key)
    },

    open: async (purpose, sealed, schema) => {
      if (sealed.length > MAX_SEALED_LENGTH || !COMPACT_JWE.test(sealed))
        return fail({ reason: 'seal_malformed' })
      const keys = await keysFor(purpose)
      let plaintext: Uint8Array
      try {
        const opened = await compactDecrypt(
          sealed,
          ({ kid, zip }) => {
            const match = keys.find((key) => key.kid === kid)
            if (match === undefined) throw new UnknownKey()
            if (zip !== undefined) throw new errors.JWEInvalid('a seal is never compressed')
            return match.key
          },
          {
            keyManagementAlgorithms: [ALGORITHM],
            contentEncryptionAlgorithms: [ENCRYPTION],
          },
        )
        plaintext = opened.plaintext
      } catch (error) {
        if (error instanceof UnknownKey) {
          // Another process may have rotated the secrets: a platform can read them again.
          input.emit?.({ type: 'seal.key-unknown', purpose })
          return fail({ reason: 'seal_unknown_key' })
        }
        if (error instanceof errors.JOSEError) return fail({ reason: 'seal_broken' })
        throw error
      }
      const envelope = v.safeParse(Envelope, JSON.parse(new TextDecoder().decode(plaintext)))
      // Only our own key could have written this: a mismatch means another version of Postern.
      if (!envelope.success || envelope.output.purpose !== purpose)
        return fail({ reason: 'seal_unreadable' })
      const { expiresAt, value } = envelope.output
      if (expiresAt !== null && input.now() >= expiresAt * 1000)
        return fail({ reason: 'seal_expired', ...v.parse(FlowOfValue, value) })
      const parsed = v.safeParse(schema, value)
      return parsed.success ? ok(parsed.output) : fail({ reason: 'seal_unreadable' })
    },
  }
}

class UnknownKey extends Error {}

/** Characters that sealing a value of so many UTF-8 bytes of JSON yields: for budgets. */
export function sealedLength(valueBytes: number): number {
  const header = base64urlLength('{"alg":"dir","enc":"A256GCM","kid":"12345678"}'.length)
  const envelope = '{"purpose":"refresh_token","expiresAt":1234567890,"value":}'.length
  return header + base64urlLength(envelope + valueBytes) + 16 + 22 + 4
}

function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3)
}
