import { createHash } from 'node:crypto'
import type { SecretValue } from '../../../src/platform/aws-lambda/secret.ts'
import type { HttpResult } from '../../../src/platform/aws-lambda/result.ts'
import type { Door } from '../../support/dance.ts'
import { MCP_URL, SECRET_A } from '../../support/world.ts'

export const API_HOST = 'abc123.execute-api.eu-central-1.amazonaws.com'
export const ORIGIN_SECRET = 'Yq5Wd3mV9sK1xZ8bN4tR7uHcJ2aLpQ6gEoTfIyXw0Mk'
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:postern-AbCdEf'

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** What every function behind the API has. */
export const VARIABLES: Readonly<Record<string, string>> = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_SESSION_TOKEN: 'session',
  POSTERN_MCP_URL: MCP_URL,
  POSTERN_PUBLIC_HOST: new URL(MCP_URL).host,
  POSTERN_ORIGIN_SECRET_SHA256: sha256(ORIGIN_SECRET),
}

/** How the pages are to look. */
export const BRANDING = {
  name: 'Example Company',
  logo: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=',
  colour: '#7a1f5c',
}

/** What a browser is shown. */
export async function pageAt(door: Door, url: string): Promise<string> {
  const response = await door.fetch(new Request(url, { headers: { accept: 'text/html' } }))
  return response.text()
}

export interface EventChanges {
  method?: string
  path?: string
  query?: string
  headers?: Record<string, string>
  cookies?: string[]
  body?: string
  isBase64Encoded?: boolean
  stage?: string
  authorizer?: unknown
}

/** An event as API Gateway sends it for a request that came through CloudFront. */
export function httpEvent(changes: EventChanges = {}): Record<string, unknown> {
  const { method = 'GET', path = '/mcp', query = '', stage = '$default', authorizer } = changes
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(changes.cookies === undefined ? {} : { cookies: changes.cookies }),
    headers: {
      host: API_HOST,
      'x-forwarded-for': '198.51.100.7, 203.0.113.9',
      'x-mcp-public-host': new URL(MCP_URL).host,
      'x-origin-verify': ORIGIN_SECRET,
      ...changes.headers,
    },
    requestContext: {
      accountId: '111122223333',
      apiId: 'abc123',
      domainName: API_HOST,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.9', userAgent: 'test' },
      requestId: 'request-1',
      stage,
      time: '25/Nov/2026:10:00:00 +0000',
      timeEpoch: 1_795_600_800_000,
      ...(authorizer === undefined ? {} : { authorizer }),
    },
    ...(changes.body === undefined ? {} : { body: changes.body }),
    isBase64Encoded: changes.isBase64Encoded ?? false,
  }
}

/** Edge and API before a function: requests in, responses out. */
export function doorOf(handler: (event: unknown) => Promise<HttpResult>): Door {
  return {
    fetch: async (request) => {
      const url = new URL(request.url)
      const { cookie, ...headers } = Object.fromEntries(request.headers)
      const body = Buffer.from(await request.arrayBuffer())
      const result = await handler(
        httpEvent({
          method: request.method,
          path: url.pathname,
          query: url.search.slice(1),
          headers,
          ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
          ...(body.length === 0 ? {} : { body: body.toString('base64'), isBase64Encoded: true }),
        }),
      )
      return toResponse(result)
    },
  }
}

function toResponse(result: HttpResult): Response {
  const headers = new Headers(result.headers)
  for (const cookie of result.cookies ?? []) headers.append('set-cookie', cookie)
  const bytes = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8')
  const empty = [204, 304].includes(result.statusCode)
  return new Response(empty ? null : bytes, { status: result.statusCode, headers })
}

/** Secrets Manager and the user pools API, reached through an injected `fetch` only. */
export class FakeAws {
  stored: { value: unknown; version: string } | undefined
  clientSecret: string | undefined
  /** Answers instead, while it is set. */
  fault: (() => Response) | undefined
  readonly calls: { action: string; input: Record<string, unknown> }[] = []
  /** Runs before a write is looked at: for writers that come between. */
  beforeWrite: (() => void) | undefined

  constructor(value?: unknown) {
    if (value !== undefined) this.stored = { value, version: 'version-1' }
  }

  put(value: SecretValue): void {
    this.stored = { value, version: `version-${Math.random()}` }
  }

  count(action: string): number {
    return this.calls.filter((call) => call.action === action).length
  }

  /** Undefined for what is not AWS. */
  answer = async (request: Request): Promise<Response | undefined> => {
    if (!request.url.endsWith('.eu-central-1.amazonaws.com/')) return undefined
    if (request.headers.get('authorization')?.startsWith('AWS4-HMAC-SHA256 ') !== true)
      return refusal('MissingAuthenticationToken')
    const action = request.headers.get('x-amz-target')?.split('.')[1] ?? ''
    const input = (await request.json()) as Record<string, unknown>
    this.calls.push({ action, input })
    if (this.fault !== undefined) return this.fault()
    if (action === 'GetSecretValue') return this.#read()
    if (action === 'PutSecretValue') return this.#write(input)
    const secret = this.clientSecret === undefined ? {} : { ClientSecret: this.clientSecret }
    return Response.json({ UserPoolClient: { ClientId: input['ClientId'], ...secret } })
  }

  fetch: typeof globalThis.fetch = async (input, init) => {
    const answer = await this.answer(new Request(input, init))
    if (answer === undefined) throw new Error('only AWS is in reach')
    return answer
  }

  #read(): Response {
    if (this.stored === undefined) return refusal('ResourceNotFoundException')
    const { value, version } = this.stored
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return Response.json({ SecretString: text, VersionId: version })
  }

  #write(input: Record<string, unknown>): Response {
    this.beforeWrite?.()
    const token = String(input['ClientRequestToken'])
    const value = JSON.parse(String(input['SecretString'])) as unknown
    const isTaken = this.#tokens.has(token)
    if (isTaken && this.#tokens.get(token) !== input['SecretString'])
      return refusal('ResourceExistsException')
    this.#tokens.set(token, String(input['SecretString']))
    this.stored = { value, version: token }
    return Response.json({ VersionId: token })
  }

  readonly #tokens = new Map<string, string>()

  /** As if another writer had used the token first. */
  takeEveryToken(): void {
    this.#tokens.get = () => 'another value'
    this.#tokens.has = () => true
  }
}

export function refusal(code: string): Response {
  return Response.json({ __type: `com.amazonaws#${code}`, message: 'no' }, { status: 400 })
}

export function secretValue(changes: Partial<SecretValue> = {}): SecretValue {
  return {
    originSecret: ORIGIN_SECRET,
    entries: [{ secret: SECRET_A, activeFrom: 0 }],
    retired: [],
    rotation: '1',
    ...changes,
  }
}
