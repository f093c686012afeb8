import { generateSecret } from '../../config/secret.ts'
import type { SecretValue } from './secret.ts'

/** Until then every OAuth function has read the new entry, and every gate has its public key. */
const LEAD_SECONDS = 15 * 60
/** Nothing that an entry sealed lives longer: the absolute lifetime of refresh tokens. */
const LONGEST_LIFETIME_SECONDS = 30 * 24 * 60 * 60

export interface RotationInput {
  mode: 'relay' | 'broker'
  /** Any text. Another one than last time rotates. */
  rotation: string
  /** Seconds since the epoch. */
  now: number
  random: (length: number) => Uint8Array
}

/** The value that a deployment is to have. The same input again changes nothing. */
export function rotate(current: SecretValue | undefined, input: RotationInput): SecretValue {
  const { mode, rotation, now, random } = input
  const value = current ?? {
    originSecret: generateSecret(random),
    entries: [],
    retired: [],
    rotation,
  }
  const renewed = value.rotation === rotation ? value : renew(value, input)
  // Only a broker seals. Its first entry has nobody to wait for.
  if (mode === 'broker' && renewed.entries.length === 0)
    return { ...renewed, entries: [{ secret: generateSecret(random), activeFrom: 0 }] }
  return retire(renewed, now)
}

function renew(value: SecretValue, { rotation, now, random }: RotationInput): SecretValue {
  const next = { secret: generateSecret(random), activeFrom: now + LEAD_SECONDS }
  return {
    ...value,
    rotation,
    originSecret: generateSecret(random),
    // CloudFront takes minutes to send the new one everywhere.
    previousOriginSecret: value.originSecret,
    entries: value.entries.length === 0 ? [] : [...value.entries, next],
  }
}

function retire(value: SecretValue, now: number): SecretValue {
  const isOutlived = (index: number): boolean => {
    const successor = value.entries[index + 1]
    return successor !== undefined && now - successor.activeFrom > LONGEST_LIFETIME_SECONDS
  }
  return {
    ...value,
    entries: value.entries.filter((_, index) => !isOutlived(index)),
    retired: [
      ...value.retired,
      ...value.entries.filter((_, index) => isOutlived(index)).map(({ secret }) => secret),
    ],
  }
}
