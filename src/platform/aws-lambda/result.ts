import { isUtf8 } from 'node:buffer'

/** What a function answers to an HTTP API, payload format 2.0. */
export interface HttpResult {
  statusCode: number
  headers: Record<string, string>
  /** One entry a `Set-Cookie` line: in `headers` there is room for one only. */
  cookies?: string[]
  body: string
  isBase64Encoded: boolean
}

export async function toResult(response: Response): Promise<HttpResult> {
  const bytes = Buffer.from(await response.arrayBuffer())
  // By the bytes and not by the media type: a type that lies would damage the body.
  const isBase64Encoded = !isUtf8(bytes)
  const cookies = response.headers.getSetCookie()
  return {
    statusCode: response.status,
    headers: Object.fromEntries(
      [...response.headers].filter(([name]) => name !== 'set-cookie' && name !== 'content-length'),
    ),
    ...(cookies.length === 0 ? {} : { cookies }),
    body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  }
}

/** An answer of the adapter itself. */
export function problem(statusCode: number, description: string): HttpResult {
  return {
    statusCode,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body: JSON.stringify({ error_description: description }),
    isBase64Encoded: false,
  }
}
