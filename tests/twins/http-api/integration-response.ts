import * as v from 'valibot'
import { type HttpResponse, respond } from '../http.ts'
import type { Switches } from '../switches.ts'
import { refuse } from './answers.ts'

const resultSchema = v.object({
  statusCode: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
  headers: v.optional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])), {}),
  cookies: v.optional(v.array(v.string()), []),
  body: v.nullish(v.string(), ''),
  isBase64Encoded: v.optional(v.boolean(), false),
})

/** Lambda guide, Quotas: a synchronous response is at most 6 MB. */
const MAXIMUM_RESULT_BYTES = 6 * 1024 * 1024

/** API Gateway guide, Lambda function response for format 2.0. */
export function toHttpResponse(result: unknown, switches: Switches): HttpResponse {
  const text = JSON.stringify(result ?? null)
  if (Buffer.byteLength(text) > MAXIMUM_RESULT_BYTES) return refuse(500)
  if (typeof result !== 'object' || result === null || !('statusCode' in result))
    return respond(
      200,
      [['content-type', 'application/json']],
      typeof result === 'string' ? result : text,
    )
  const parsed = v.safeParse(resultSchema, result)
  if (!parsed.success) return refuse(500)
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.output
  const lines = Object.entries(headers)
    .filter(
      ([name]) =>
        !['connection', 'content-length', 'transfer-encoding'].includes(name.toLowerCase()),
    )
    .map(([name, value]): [string, string] => [rename(name.toLowerCase(), switches), String(value)])
  if (!lines.some(([name]) => name === 'content-type'))
    lines.push(['content-type', 'text/plain;charset=UTF-8'])
  for (const cookie of cookies) lines.push(['set-cookie', cookie])
  if (!isBase64Encoded) return respond(statusCode, lines, body)
  return v.is(v.pipe(v.string(), v.base64()), body)
    ? respond(statusCode, lines, Buffer.from(body, 'base64'))
    : refuse(500)
}

function rename(name: string, { httpApiRemapsWwwAuthenticate }: Switches): string {
  return name === 'www-authenticate' && httpApiRemapsWwwAuthenticate
    ? 'x-amzn-remapped-www-authenticate'
    : name
}
