import { fail, ok, type Result } from '../../protocol/result.ts'

/** Everything impure that a visit uses. */
export interface Ports {
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** IPv6 addresses of a name; empty where it has none. Rejects where the question was not answered. */
  resolveAaaa: (host: string) => Promise<string[]>
  random: (length: number) => Uint8Array
}

export interface Answer {
  status: number
  headers: Headers
  /** At most 64 KB of the body. */
  text: string
  /** The body as JSON; undefined where it is none, or longer than was read. */
  json: unknown
}

/** The failure is one line for people. */
export type Asked = Result<Answer, string>
export type Ask = (url: string, init?: AskInit) => Promise<Asked>

interface AskInit {
  method?: string
  headers?: Record<string, string>
  body?: string
}

export interface Limits {
  secondsPerRequest: number
  /** For all requests together. */
  seconds: number
}

const MAX_BODY_BYTES = 64 * 1024

/**
 * Asks as any stranger on the internet could. Follows no redirect, reads no endless body, waits
 * for nobody longer than `secondsPerRequest`, and for all together no longer than `seconds`.
 * Never throws.
 */
export function createAsk(fetch: Ports['fetch'], limits: Limits): Ask {
  const end = AbortSignal.timeout(limits.seconds * 1000)
  return async (url, init = {}) => {
    if (end.aborted) return fail('not asked: the time for all checks was used up')
    const signal = AbortSignal.any([end, AbortSignal.timeout(limits.secondsPerRequest * 1000)])
    let response: Response
    try {
      response = await fetch(url, {
        method: init.method ?? 'GET',
        // One answer a connection: what is left of a body that was cut belongs to nobody.
        headers: { connection: 'close', ...init.headers },
        body: init.body ?? null,
        redirect: 'manual',
        signal,
      })
    } catch (error) {
      return fail(
        signal.aborted
          ? `no answer within ${limits.secondsPerRequest} s`
          : `no answer: ${codeOf(error)}`,
      )
    }
    const { text, isWhole } = await readBody(response)
    const json = isWhole ? parseJson(text) : undefined
    return ok({ status: response.status, headers: response.headers, text, json })
  }
}

/** What came before the limit, the time-out or the break of the connection. */
async function readBody(response: Response): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Uint8Array[] = []
  let length = 0
  let isWhole = true
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader()
  try {
    for (;;) {
      const next = await reader?.read()
      if (next === undefined || next.done) break
      chunks.push(next.value)
      length += next.value.byteLength
      if (length > MAX_BODY_BYTES) {
        isWhole = false
        break
      }
    }
  } catch {
    isWhole = false
  }
  reader?.cancel().catch(() => {})
  const bytes = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES)
  return { text: new TextDecoder().decode(bytes), isWhole }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `ENOTFOUND`, `CERT_HAS_EXPIRED` …: says why without an exception's own words. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'connection failed'
}
