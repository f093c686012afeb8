/** The yardstick: the least a Node proxy does, with Postern's pool and header rules, and no auth. */
import { createServer, type IncomingMessage } from 'node:http'
import { Agent } from 'undici'
import { answerParent, readSettings } from './child.ts'
import { listen } from './listen.ts'

const { upstream } = readSettings<{ upstream: string }>()
const { origin, pathname } = new URL(upstream)
const agent = new Agent({ headersTimeout: 300_000, bodyTimeout: 0 })

const DROPPED = new Set(
  'connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade host expect authorization forwarded via'.split(
    ' ',
  ),
)
const IDENTITY = /^x-(?:forwarded|postern|real-ip|original|auth-request|remote-user|user)(?:-|$)/

function forwardable(raw: readonly string[], connection: string | undefined): string[] {
  const nominated = (connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const kept: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    if (DROPPED.has(name) || nominated.includes(name)) continue
    if (!IDENTITY.test(name.replaceAll('_', '-'))) kept.push(name, raw[index + 1] ?? '')
  }
  return kept
}

function requestHeaders({ rawHeaders, headers, socket }: IncomingMessage): string[] {
  const kept = forwardable(rawHeaders, headers.connection)
  kept.push('x-forwarded-for', socket.remoteAddress ?? '', 'x-forwarded-proto', 'http')
  kept.push('x-forwarded-host', headers.host ?? '')
  return kept
}

const server = createServer((request, response) => {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  const headers = requestHeaders(request)
  const options = {
    origin,
    path: pathname,
    method: request.method ?? 'GET',
    headers,
    signal: gone.signal,
  }
  agent
    .request({ ...options, body: hasBody ? request : null, responseHeaders: 'raw' })
    .then(({ statusCode, headers: answered, body }) => {
      response.writeHead(statusCode, forwardable(answered as unknown as string[], undefined))
      body.once('error', () => response.destroy()).pipe(response)
    })
    .catch(() => response.destroy())
})

answerParent({ url: `${await listen(server)}/mcp` })
