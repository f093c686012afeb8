import * as v from 'valibot'
import { AwsError, type AwsCall } from './aws-api.ts'

export interface SecretEntry {
  secret: string
  /** Seconds since the epoch. From then on the entry seals and signs, until a newer one does. */
  activeFrom: number
}

/** The value of the one secret of a deployment. */
export interface SecretValue {
  /** CloudFront sends it; functions hold only its SHA-256. */
  originSecret: string
  previousOriginSecret?: string | undefined
  /** Oldest first. Broker only. */
  entries: SecretEntry[]
  /** Former secrets that only open client ids. */
  retired: string[]
  /** `id:secret` of the user pool client in base64, for CloudFront to send. */
  basic?: string | undefined
  clientSecret?: string | undefined
  /** The text with which the secret was rotated last: the same text again changes nothing. */
  rotation: string
  /** The text before that: with it the last rotation is taken back. */
  previousRotation?: string | undefined
}

const Secret = v.pipe(v.string(), v.regex(/^[\w-]{43}$/))
const Epoch = v.pipe(v.number(), v.integer(), v.minValue(0))
const Value: v.GenericSchema<unknown, SecretValue> = v.object({
  originSecret: Secret,
  previousOriginSecret: v.optional(Secret),
  entries: v.array(v.object({ secret: Secret, activeFrom: Epoch })),
  retired: v.array(Secret),
  basic: v.optional(v.string()),
  clientSecret: v.optional(v.string()),
  rotation: v.string(),
  previousRotation: v.optional(v.string()),
})

export interface StoredSecret {
  value: SecretValue
  version: string
}

const Answer = v.object({ SecretString: v.string(), VersionId: v.string() })

/** Undefined where the secret has no value yet. */
export async function readSecret(call: AwsCall, arn: string): Promise<StoredSecret | undefined> {
  let answer: unknown
  try {
    answer = await call('GetSecretValue', { SecretId: arn })
  } catch (error) {
    // A secret without a value has no version AWSCURRENT (Secrets Manager, "GetSecretValue").
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return undefined
    throw error
  }
  const stored = v.safeParse(v.pipe(Answer, v.transform(parseValue)), answer)
  // Overwriting it would destroy what somebody else keeps there.
  if (!stored.success || stored.output.value === undefined)
    throw new AwsError('GetSecretValue', 'the secret holds something else than Postern’s values')
  return { value: stored.output.value, version: stored.output.version }
}

function parseValue({ SecretString: text, VersionId: version }: v.InferOutput<typeof Answer>): {
  value: SecretValue | undefined
  version: string
} {
  const value = v.safeParse(v.pipe(v.string(), v.parseJson(), Value), text)
  return { value: value.success ? value.output : undefined, version }
}

/**
 * Writes a new version.
 * @param token Names what is written. A second writer with the same token and another value is
 *   refused by `ResourceExistsException` (Secrets Manager, "PutSecretValue").
 */
export async function writeSecret(
  call: AwsCall,
  arn: string,
  value: SecretValue,
  token: string,
): Promise<string> {
  const answer = await call('PutSecretValue', {
    SecretId: arn,
    ClientRequestToken: token,
    SecretString: JSON.stringify(value),
  })
  return v.parse(v.object({ VersionId: v.string() }), answer).VersionId
}

/** The newest active entry first, as the core wants its secrets; empty while none is active. */
export function inOrderOfUse(entries: readonly SecretEntry[], now: number): SecretEntry[] {
  const newestFirst = entries.toSorted((a, b) => b.activeFrom - a.activeFrom)
  const current = newestFirst.find((entry) => entry.activeFrom * 1000 <= now)
  return current === undefined ? [] : [current, ...newestFirst.filter((entry) => entry !== current)]
}
