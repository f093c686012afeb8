import type { Ports } from './ports.ts'

/** What the name of the server stands for. */
export interface Network {
  addresses: string[]
  /** Those that the internet cannot reach. */
  special: string[]
  isPublic: boolean
  /** Public addresses, and others besides. */
  isMixed: boolean
  /** None is public: who typed that is in such a network, and its server may lead elsewhere in it. */
  isSpecial: boolean
}

export async function lookAtNetwork(url: URL, ports: Ports, end: AbortSignal): Promise<Network> {
  const addresses = await resolveName(url.hostname, ports, end)
  const special = addresses.filter((address) => !ports.isPublicAddress(address))
  return {
    addresses,
    special,
    isPublic: addresses.length > 0 && special.length === 0,
    isMixed: special.length > 0 && special.length < addresses.length,
    isSpecial: special.length > 0 && special.length === addresses.length,
  }
}

/** None where the name has no address, and where no name server says so in time. */
export async function resolveName(host: string, ports: Ports, end: AbortSignal): Promise<string[]> {
  const literal = host.replace(/^\[|\]$/g, '')
  let giveUp = (): void => {}
  const isOver = new Promise<string[]>((resolve) => {
    giveUp = () => resolve([])
  })
  end.addEventListener('abort', giveUp, { once: true })
  if (end.aborted) giveUp()
  const addresses = await Promise.race([ports.resolve(literal).catch(() => []), isOver])
  end.removeEventListener('abort', giveUp)
  return addresses
}
