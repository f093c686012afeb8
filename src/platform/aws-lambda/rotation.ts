import { generateSecret } from '../../config/secret.ts'
import type { SecretValue } from './secret.ts'

/** Until then every OAuth function has read the new entry, and every gate has its public key. */
const LEAD_SECONDS = 15 * 60
/** For how long a function may go on with the value that it read last, and something over. */
const SEEN_SECONDS = 6 * 60
/** Nothing that an entry sealed lives longer: the absolute lifetime of refresh tokens. */
const LONGEST_LIFETIME_SECONDS = 30 * 24 * 60 * 60

export interface RotationInput {
  mode: 'relay' | 'broker'
  /** Any text. A new one rotates; the one before the last takes the last rotation back. */
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
  const renewed = follow(value, input)
  // Only a broker seals. Its first entry has nobody to wait for.
  if (mode === 'broker' && renewed.entries.length === 0)
    return { ...renewed, entries: [{ secret: generateSecret(random), activeFrom: 0 }] }
  return retire(renewed, now)
}

function follow(value: SecretValue, input: RotationInput): SecretValue {
  if (value.rotation === input.rotation) return value
  return value.previousRotation === input.rotation ? takeBack(value, input) : renew(value, input)
}

/**
 * A deployment that failed is rolled back with the text before. What CloudFront may send, old or
 * new, stays accepted; an entry goes that nothing has been sealed with, nor will be by functions
 * that still hold the value before this one.
 */
function takeBack(value: SecretValue, { rotation, now }: RotationInput): SecretValue {
  const { previousRotation: _gone, previousOriginSecret, originSecret, ...rest } = value
  return {
    ...rest,
    rotation,
    originSecret: previousOriginSecret ?? originSecret,
    previousOriginSecret: originSecret,
    entries: value.entries.filter(({ activeFrom }) => activeFrom <= now + SEEN_SECONDS),
  }
}

function renew(value: SecretValue, { rotation, now, random }: RotationInput): SecretValue {
  const next = { secret: generateSecret(random), activeFrom: now + LEAD_SECONDS }
  return {
    ...value,
    rotation,
    previousRotation: value.rotation,
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
