import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { Agent, fetch as undiciFetch } from 'undici'
import type { Ports } from '../doctor/ports.ts'

/** IANA special-purpose address registries (RFC 6890), as far as they are not globally reachable. */
const SPECIAL_USE: readonly [network: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]

const specialUse = new BlockList()
for (const [network, prefix] of SPECIAL_USE)
  if (network.includes(':')) specialUse.addSubnet(network, prefix, 'ipv6')
  else {
    specialUse.addSubnet(network, prefix, 'ipv4')
    // NAT64 (RFC 6052) leads to where the IPv4 address inside does.
    specialUse.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6')
  }

/** `BlockList` also sees IPv4 addresses that are written as IPv6 ones. */
function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  return version !== 0 && !specialUse.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

async function resolveAddresses(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/** Connects to the given addresses only: a name may mean another one a moment later. */
const fetchAt: Ports['fetch'] = async (url, init, addresses) => {
  const agent = new Agent({
    pipelining: 0,
    connect: {
      lookup: (_host, options, callback) => {
        const all = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first = { address: '', family: 4 }] = all
        if (options.all === true) callback(null, all)
        else callback(null, first.address, first.family)
      },
    },
  })
  const response = await undiciFetch(url, { ...init, dispatcher: agent } as Parameters<
    typeof undiciFetch
  >[1])
  // One answer a connection: what is left of a body that was cut belongs to nobody.
  agent.close().catch(() => {})
  return response as unknown as Response
}

export const NODE_PORTS: Ports = {
  fetch: fetchAt,
  resolve: resolveAddresses,
  isPublicAddress,
  random: (length) => randomBytes(length),
  now: Date.now,
}
