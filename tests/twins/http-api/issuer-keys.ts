import type { JSONWebKeySet } from 'jose'
import * as v from 'valibot'
import { ConnectionFailed, type HttpRequest, type Internet } from '../http.ts'
import { TIMED_OUT, within } from '../within.ts'

/** API Gateway guide, Control access with JWT authorizers: cached for two hours, come what may. */
const CACHE_MS = 2 * 60 * 60 * 1000
/** API Gateway guide, Quotas for HTTP APIs. */
const MAXIMUM_BYTES = 150_000
const TIMEOUT_MS = 1500

/** An address of the gateway's own. */
const GATEWAY_ADDRESS = '203.0.113.40'

const discoverySchema = v.object({ jwks_uri: v.pipe(v.string(), v.url()) })
const keysSchema = v.object({ keys: v.array(v.looseObject({ kid: v.string(), kty: v.string() })) })

/** Fetched by the gateway over its own network: no function of the deployment is involved. */
export class IssuerKeys {
  readonly #internet: Internet
  readonly #now: () => number
  readonly #cached = new Map<string, { keys: JSONWebKeySet; expires: number }>()

  constructor(internet: Internet, now: () => number) {
    this.#internet = internet
    this.#now = now
  }

  /** Undefined where the issuer cannot be reached or answers something else. */
  async get(issuer: string): Promise<JSONWebKeySet | undefined> {
    const cached = this.#cached.get(issuer)
    if (cached !== undefined && this.#now() < cached.expires) return cached.keys
    const discovery = await this.#fetch(`${issuer}/.well-known/openid-configuration`)
    const document = v.safeParse(discoverySchema, discovery)
    if (!document.success) return undefined
    const keys = v.safeParse(keysSchema, await this.#fetch(document.output.jwks_uri))
    if (!keys.success) return undefined
    this.#cached.set(issuer, { keys: keys.output, expires: this.#now() + CACHE_MS })
    return keys.output
  }

  async #fetch(address: string): Promise<unknown> {
    const { protocol, host, pathname, search } = new URL(address)
    const known = protocol === 'https:' ? this.#internet.get(host) : undefined
    if (known === undefined) return undefined
    const request: HttpRequest = {
      method: 'GET',
      target: pathname + search,
      headers: [
        ['Host', host],
        ['Accept', 'application/json'],
      ],
      body: Buffer.alloc(0),
      clientAddress: GATEWAY_ADDRESS,
    }
    try {
      const response = await within(known(request), TIMEOUT_MS)
      if (response === TIMED_OUT || response.status !== 200) return undefined
      if (response.body.length > MAXIMUM_BYTES) return undefined
      return JSON.parse(Buffer.from(response.body).toString()) as unknown
    } catch (error) {
      if (error instanceof ConnectionFailed || error instanceof SyntaxError) return undefined
      throw error
    }
  }
}
