import type { LookupAddress } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { isPublicAddress } from '../clients/special-use.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { FetchDocument, FetchDocumentFailure } from '../runtime.ts'

/** What a fetch goes through. Tests bring their own names and certificates. */
export interface DocumentNetwork {
  /** All addresses of a host. */
  resolve: (host: string) => Promise<readonly LookupAddress[]>
  isAllowed: (address: string) => boolean
  /** Certificates of authorities; default: those of Node. */
  ca?: string
  /** Where the host is listened for instead of the port in the URL. */
  port?: number
}

type Answer = Result<Response, FetchDocumentFailure>

/**
 * Fetches what strangers name. DNS is asked once, and the connection goes to what was checked: a
 * second answer (DNS rebinding) has no one to reach. No proxy is used, since that would ask again.
 */
export function createDocumentFetcher(own: Partial<DocumentNetwork> = {}): FetchDocument {
  const network: DocumentNetwork = { resolve: resolveHost, isAllowed: isPublicAddress, ...own }
  return async (url, limits) => {
    const signal = AbortSignal.timeout(limits.timeoutMs)
    const cut = new Promise<Answer>((resolve) => {
      signal.addEventListener('abort', () => resolve(fail({ reason: 'no_answer_in_time' })))
    })
    // DNS cannot be aborted, so the limit stands beside it.
    return Promise.race([fetchChecked(new URL(url), limits.maxBytes, signal, network), cut])
  }
}

async function fetchChecked(
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
  network: DocumentNetwork,
): Promise<Answer> {
  // An address as host would be connected to without being looked up.
  if (url.protocol !== 'https:' || !/[a-z]$/.test(url.hostname))
    return fail({ reason: 'address_not_public' })
  const addresses = await network.resolve(url.hostname).catch(() => [])
  if (addresses.length === 0) return fail({ reason: 'no_connection' })
  // All of them: of a mixed answer the client would try the private one next.
  if (!addresses.every(({ address }) => network.isAllowed(address)))
    return fail({ reason: 'address_not_public' })
  if (signal.aborted) return fail({ reason: 'no_answer_in_time' })
  return request(url, addresses, { maxBytes, signal, network })
}

async function request(
  url: URL,
  addresses: readonly LookupAddress[],
  {
    maxBytes,
    signal,
    network,
  }: { maxBytes: number; signal: AbortSignal; network: DocumentNetwork },
): Promise<Answer> {
  // Loading it takes as long as a cold start may: only where a client publishes a document.
  const { Agent, get } = await import('node:https')
  // `autoSelectFamily`: so that `lookup` is asked for all addresses, whatever Node was started with.
  const agent = new Agent({ keepAlive: false, autoSelectFamily: true })
  return new Promise((resolve) => {
    const outgoing = get(
      url,
      {
        agent,
        signal,
        headers: {
          accept: 'application/json',
          'accept-encoding': 'identity',
          'user-agent': 'Postern',
        },
        maxHeaderSize: 16 * 1024,
        lookup: (_host, _options, callback) => callback(null, [...addresses]),
        ...(network.ca === undefined ? {} : { ca: network.ca }),
        ...(network.port === undefined ? {} : { port: network.port }),
      },
      (incoming) => {
        readBody(incoming, maxBytes)
          .then(resolve)
          .catch(() => resolve(fail({ reason: 'no_connection' })))
          .finally(() => outgoing.destroy())
      },
    )
    outgoing.on('error', () => resolve(fail({ reason: 'no_connection' })))
  })
}

/** Counted while it arrives: a length that was announced proves nothing. */
async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Answer> {
  const headers = new Headers()
  for (const name of ['content-type', 'cache-control', 'age', 'expires'] as const) {
    const value = incoming.headers[name]
    if (value !== undefined) headers.set(name, value)
  }
  const status = incoming.statusCode ?? 0
  if (status !== 200) return ok(new Response(null, { status, headers }))
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return fail({ reason: 'body_too_large' })
    chunks.push(chunk)
  }
  return ok(new Response(Buffer.concat(chunks), { status, headers }))
}

/**
 * Asks DNS itself, and not the operating system: that would do it in one of the few threads that
 * cryptography needs too, and hosts whose DNS never answers could hold them all.
 */
export async function resolveHost(
  host: string,
  servers?: readonly string[],
): Promise<LookupAddress[]> {
  const { Resolver } = await import('node:dns/promises')
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  const [v4, v6] = await Promise.all([
    resolver.resolve4(host).catch(() => []),
    resolver.resolve6(host).catch(() => []),
  ])
  return [
    ...v4.map((address) => ({ address, family: 4 })),
    ...v6.map((address) => ({ address, family: 6 })),
  ]
}
