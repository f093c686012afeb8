import type {
  Api,
  Authorizer,
  Behavior,
  Distribution,
  Origin,
  Resource,
  Route,
  Topology,
} from '../../src/aws/topology.ts'
import { Clock } from '../support/clock.ts'
import { createCloudFront } from './cloudfront/cloudfront.ts'
import {
  headerValues,
  type Host,
  type HttpRequest,
  type HttpResponse,
  type Internet,
  respond,
} from './http.ts'
import { createHttpApi } from './http-api/http-api.ts'
import { DEFAULT_SWITCHES, type Switches } from './switches.ts'

/** A small topology written by hand: what the twins' own tests run, instead of a template of ours. */
export const API_DOMAIN = 'a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com'
export const COGNITO_DOMAIN = 'notes.auth.eu-central-1.amazoncognito.com'
export const PUBLIC_DOMAIN = 'mcp.example.com'
export const VIEWER_ADDRESS = '198.51.100.11'
const API_ARN = 'arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5'

const ALL_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']

export function origin(changes: Partial<Origin> = {}): Origin {
  return {
    id: 'api',
    domain: API_DOMAIN,
    path: '',
    protocol: 'https-only',
    port: 443,
    tlsVersions: ['TLSv1.2'],
    readTimeoutSeconds: 30,
    headers: [],
    ...changes,
  }
}

export function behavior(changes: Partial<Behavior> = {}): Behavior {
  return {
    pattern: '*',
    origin: 'api',
    methods: ALL_METHODS,
    viewerProtocol: 'https-only',
    compress: false,
    cachePolicy: 'CachingDisabled',
    originRequestPolicy: 'AllViewerExceptHostHeader',
    responseHeadersPolicy: null,
    viewerRequest: null,
    viewerResponse: null,
    ...changes,
  }
}

export function distribution(changes: Partial<Distribution> = {}): Distribution {
  return {
    kind: 'distribution',
    name: 'edge',
    aliases: [PUBLIC_DOMAIN],
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
    minimumTls: 'TLSv1.2_2021',
    httpVersion: 'http2',
    enabled: true,
    webAcl: null,
    origins: [origin(), origin({ id: 'cognito', domain: COGNITO_DOMAIN, path: '/oauth2' })],
    behaviors: [
      behavior({ pattern: '/token', origin: 'cognito', originRequestPolicy: null }),
      behavior(),
    ],
    errorResponses: [],
    accessLogs: null,
    ...changes,
  }
}

export const api: Api = {
  kind: 'api',
  name: 'api',
  protocol: 'HTTP',
  executeApiEndpoint: true,
  cors: false,
}

export function route(key: string, changes: Partial<Route> = {}): Route {
  return {
    kind: 'route',
    name: key,
    api: 'api',
    key,
    authorizer: null,
    scopes: [],
    integration: 'front',
    ...changes,
  }
}

export function authorizer(changes: Partial<Authorizer> = {}): Authorizer {
  return {
    kind: 'authorizer',
    name: 'authorizer',
    api: 'api',
    type: 'JWT',
    identitySources: ['$request.header.Authorization'],
    issuer: 'https://idp.example.com/pool',
    audience: ['client1'],
    function: null,
    payloadFormat: null,
    simpleResponses: false,
    resultTtlSeconds: null,
    ...changes,
  }
}

/** Stage, integration and permission of a function `front`, around the routes that a test gives. */
export function apiTopology(...resources: Resource[]): Topology {
  const given = new Set(resources.map(({ kind, name }) => `${kind} ${name}`))
  const standard: Resource[] = [
    api,
    {
      kind: 'stage',
      name: 'default',
      api: 'api',
      stageName: '$default',
      autoDeploy: true,
      accessLogs: null,
    },
    {
      kind: 'integration',
      name: 'front',
      api: 'api',
      function: 'front',
      payloadFormat: '2.0',
      timeoutMilliseconds: 30_000,
    },
    permission('front', `${API_ARN}/*/*`),
  ]
  const missing = standard.filter(({ kind, name }) => !given.has(`${kind} ${name}`))
  return { resources: [...missing, ...resources], ignored: [] }
}

export function permission(functionName: string, sourceArn: string | null): Resource {
  return {
    kind: 'permission',
    name: functionName,
    function: functionName,
    action: 'lambda:InvokeFunction',
    principal: 'apigateway.amazonaws.com',
    sourceArn,
  }
}

export interface Recorded {
  host: Host
  seen: HttpRequest[]
}

/** A host that keeps what it was asked and answers alike. */
export function recorder(answer: Partial<HttpResponse> = {}): Recorded {
  const seen: HttpRequest[] = []
  const host: Host = async (request) => {
    seen.push(request)
    return { ...respond(200, [['content-type', 'text/plain']], 'ok'), ...answer }
  }
  return { host, seen }
}

export interface Edge {
  host: Host
  clock: Clock
  atApi: HttpRequest[]
  atCognito: HttpRequest[]
  send: (changes?: RequestChanges) => Promise<HttpResponse>
}

/** CloudFront before two recording origins. */
export function edge(
  changes: Partial<Distribution> = {},
  {
    resources = [],
    switches = {},
    answer = {},
  }: { resources?: Resource[]; switches?: Partial<Switches>; answer?: Partial<HttpResponse> } = {},
): Edge {
  const clock = new Clock()
  const [atApi, atCognito] = [recorder(answer), recorder(answer)]
  const internet: Internet = new Map([
    [API_DOMAIN, atApi.host],
    [COGNITO_DOMAIN, atCognito.host],
  ])
  const host = createCloudFront(
    distribution(changes),
    { resources, ignored: [] },
    { internet, now: clock.now, switches: { ...DEFAULT_SWITCHES, ...switches } },
  )
  return {
    host,
    clock,
    atApi: atApi.seen,
    atCognito: atCognito.seen,
    send: (request = {}) => host(toRequest(PUBLIC_DOMAIN, request)),
  }
}

export interface Event {
  routeKey: string
  rawPath: string
  rawQueryString: string
  cookies?: string[]
  headers: Record<string, string>
  queryStringParameters?: Record<string, string>
  pathParameters?: Record<string, string>
  body?: string
  isBase64Encoded: boolean
  requestContext: {
    authorizer?: unknown
    http: { sourceIp: string; path: string }
    [member: string]: unknown
  }
  [member: string]: unknown
}

export interface Gateway {
  host: Host
  clock: Clock
  events: { functionName: string; event: Event }[]
  send: (changes?: RequestChanges) => Promise<HttpResponse>
}

/** An HTTP API before functions that a test plays. */
export function gateway(
  topology: Topology,
  {
    play = () => ({ statusCode: 200, body: 'ok' }),
    internet = new Map(),
    switches = {},
    clock = new Clock(),
  }: {
    play?: (event: Event, functionName: string) => unknown
    internet?: Internet
    switches?: Partial<Switches>
    clock?: Clock
  } = {},
): Gateway {
  const events: Gateway['events'] = []
  const declared = topology.resources.find((resource) => resource.kind === 'api') ?? api
  const host = createHttpApi(declared, topology, {
    invoke: async (functionName, sent) => {
      const event = JSON.parse(JSON.stringify(sent)) as Event
      events.push({ functionName, event })
      return play(event, functionName)
    },
    internet,
    now: clock.now,
    switches: { ...DEFAULT_SWITCHES, ...switches },
  })
  return { host, clock, events, send: (request = {}) => host(toRequest(API_DOMAIN, request)) }
}

export type RequestChanges = Partial<Omit<HttpRequest, 'body'>> & { body?: string | Uint8Array }

export function toRequest(host: string, { body = '', ...changes }: RequestChanges): HttpRequest {
  const { headers = [], ...rest } = changes
  const named = headerValues(headers, 'host').length > 0
  return {
    method: 'GET',
    target: '/',
    clientAddress: VIEWER_ADDRESS,
    ...rest,
    headers: named ? headers : [['Host', host], ...headers],
    body: typeof body === 'string' ? Buffer.from(body) : body,
  }
}

export function textOf(response: HttpResponse): string {
  return Buffer.from(response.body).toString()
}
