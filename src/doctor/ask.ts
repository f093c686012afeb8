import { fail, ok, type Result } from '../protocol/result.ts'
import { resolveName } from './network.ts'
import type { Limits, Ports } from './ports.ts'
import { readBody } from './read-body.ts'

export interface Answer {
  /** What was asked: `GET https://…`. */
  where: string
  url: string
  status: number
  headers: Headers
  contentType: string
  text: string
  /** The body as JSON; undefined where it is none, or longer than was read. */
  json: unknown
  /** Why the body ends where it does. */
  end: 'whole' | 'too long' | 'too slow' | 'broken off'
  milliseconds: number
}

/** Why there is no answer. */
export interface Silence {
  where: string
  reason:
    | 'no address'
    | 'special-use address'
    | 'refused'
    | 'certificate'
    | 'no TLS'
    | 'timeout'
    | 'connection'
    | 'out of time'
  /** A code such as `ECONNREFUSED`, never an exception's own words. */
  detail: string
}

export type Asked = Result<Answer, Silence>

export interface AskInit {
  method?: string
  headers?: Record<string, string>
  body?: string
}

export type Ask = (url: string, init?: AskInit) => Promise<Asked>

/**
 * Asks as a client would. Follows no redirect, reads no endless body, waits for nobody longer than
 * `secondsPerRequest`, and for all together no longer than `seconds`; connects to special-use
 * addresses only where `allowsSpecialUse`, because a public server has no business to send anybody
 * into the network that this runs in. Never throws.
 */
export function createAsk(
  ports: Ports,
  limits: Limits,
  { allowsSpecialUse, end = startClock(limits) }: { allowsSpecialUse: boolean; end?: AbortSignal },
): Ask {
  const addressesOf = rememberAddresses(ports, end)
  return async (url, init = {}) => {
    const where = `${init.method ?? 'GET'} ${withoutQuery(url)}`
    const silence = (reason: Silence['reason'], detail = ''): Asked =>
      fail({ where, reason, detail })
    if (end.aborted) return silence('out of time')
    const known = await addressesOf(new URL(url).hostname)
    if (known.length === 0) return silence('no address')
    // Of a name that has both, whoever owns it could let a request end on this machine.
    const addresses = allowsSpecialUse ? known : known.filter(ports.isPublicAddress)
    if (addresses.length === 0) return silence('special-use address')
    const signal = AbortSignal.any([end, AbortSignal.timeout(limits.secondsPerRequest * 1000)])
    const start = ports.now()
    try {
      const response = await ports.fetch(
        url,
        {
          method: init.method ?? 'GET',
          headers: { 'user-agent': 'node', ...init.headers },
          body: init.body ?? null,
          redirect: 'manual',
          signal,
        },
        addresses,
      )
      const milliseconds = ports.now() - start
      const body = await readBody(response, signal)
      return ok({
        where,
        url,
        status: response.status,
        headers: response.headers,
        contentType: response.headers.get('content-type')?.split(';', 1)[0]?.trim() ?? '',
        ...body,
        json: body.end === 'whole' ? parseJson(body.text) : undefined,
        milliseconds,
      })
    } catch (error) {
      if (signal.aborted) return silence('timeout', `${limits.secondsPerRequest} s`)
      return silence(...explain(error))
    }
  }
}

/** For everything that is asked together. */
export function startClock({ seconds }: Limits): AbortSignal {
  return AbortSignal.timeout(seconds * 1000)
}

/** Where something was asked is shown to people, and queries carry codes and states. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? url
}

/** One question for each name: a second answer could be another one. */
function rememberAddresses(ports: Ports, end: AbortSignal): (host: string) => Promise<string[]> {
  const known = new Map<string, Promise<string[]>>()
  return (host) => {
    const addresses = known.get(host) ?? resolveName(host, ports, end)
    known.set(host, addresses)
    return addresses
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const CERTIFICATE = /CERT|VERIFY|SELF_SIGNED|ALTNAME|ISSUER/
/** Something answers, and not in TLS: plain http on the port of https, above all. */
const NO_TLS = /^EPROTO$|^ERR_SSL_|^ERR_TLS_/

function explain(error: unknown): [reason: Silence['reason'], detail: string] {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (typeof code !== 'string' || !/^\w{1,64}$/.test(code)) return ['connection', '']
  if (code === 'ECONNREFUSED') return ['refused', code]
  if (CERTIFICATE.test(code)) return ['certificate', code]
  return [NO_TLS.test(code) ? 'no TLS' : 'connection', code]
}
