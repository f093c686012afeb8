/** Everything impure that an examination uses. */
export interface Ports {
  /** Connects to one of `addresses`, which were checked, whatever the name means by now. */
  fetch: (url: string, init: RequestInit, addresses: readonly string[]) => Promise<Response>
  /** Rejects where the name has no address. */
  resolve: (host: string) => Promise<string[]>
  /** Whether the address is one of the internet, not of a private or special-use network (RFC 6890). */
  isPublicAddress: (address: string) => boolean
  random: (length: number) => Uint8Array
  /** Milliseconds since the epoch. */
  now: () => number
}

export interface Limits {
  secondsPerRequest: number
  /** For all requests together. */
  seconds: number
}
