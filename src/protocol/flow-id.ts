/** Lower-case Crockford base32: no letter that a person reads as another when they quote it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 10
const FLOW_ID = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`)

/**
 * Names one sign-in, from GET /authorize on, on pages and in events. Never a secret: it opens
 * nothing and is checked by nobody. 50 bits tell sign-ins apart and can be read out on the phone.
 */
export function toFlowId(random: Uint8Array): string {
  // A byte has 256 values and the alphabet 32, so its low five bits are as random as the byte.
  return Array.from(random.subarray(0, LENGTH), (byte) => ALPHABET.charAt(byte & 31)).join('')
}

export function isFlowId(text: string): boolean {
  return FLOW_ID.test(text)
}
