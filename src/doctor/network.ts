import type { Ports } from './ports.ts'

/** What the name of the server stands for. */
export interface Network {
  addresses: string[]
  /** Those that the internet cannot reach. */
  special: string[]
  isPublic: boolean
  /** Public addresses, and others besides. */
  isMixed: boolean
}

export async function lookAtNetwork(url: URL, ports: Ports): Promise<Network> {
  const addresses = await ports.resolve(url.hostname.replace(/^\[|\]$/g, '')).catch(() => [])
  const special = addresses.filter((address) => !ports.isPublicAddress(address))
  return {
    addresses,
    special,
    isPublic: addresses.length > 0 && special.length === 0,
    isMixed: special.length > 0 && special.length < addresses.length,
  }
}
