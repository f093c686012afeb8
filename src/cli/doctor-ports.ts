import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Agent, fetch as undiciFetch } from 'undici'
import { isPublicAddress } from '../clients/special-use.ts'
import type { Ports } from '../doctor/ports.ts'

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
