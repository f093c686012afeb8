import { createHash, randomUUID } from 'node:crypto'
import {
  type Api,
  findResource,
  type Integration,
  ofKind,
  type Route,
  type Topology,
} from '../../../src/aws/topology.ts'
import {
  headerValue,
  type Host,
  type HttpRequest,
  type HttpResponse,
  type Internet,
  pathOf,
  respond,
  withoutHeaders,
} from '../http.ts'
import type { Switches } from '../switches.ts'
import { TIMED_OUT, within } from '../within.ts'
import { refuse } from './answers.ts'
import { type Arrival, type AuthorizerContext, toEvent } from './event.ts'
import { toHttpResponse } from './integration-response.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { authorizeByJwt } from './jwt-authorizer.ts'
import { LambdaAuthorizer } from './lambda-authorizer.ts'
import { mayInvoke, nameOfFunction } from './permissions.ts'
import { chooseStage, createRouter } from './routes.ts'

export interface HttpApiOptions {
  /** By the function's name in the model; rejects where the function fails or times out. */
  invoke: (functionName: string, event: object) => Promise<unknown>
  internet: Internet
  now: () => number
  switches: Switches
  id?: string
  region?: string
  account?: string
}

/** API Gateway guide, Quotas for HTTP APIs. */
const MAXIMUM_HEAD_BYTES = 10_240
const MAXIMUM_BODY_BYTES = 10 * 1024 * 1024
const MAXIMUM_TIMEOUT_MS = 30_000
/** Lambda guide, Quotas: a synchronous request is at most 6 MB. */
const MAXIMUM_EVENT_BYTES = 6 * 1024 * 1024

/** Id that the twin gives an authorizer: `${authorizer.<name>.id}`. */
export function authorizerId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 6)
}

/** An HTTP API as the API Gateway developer guide describes it. */
export function createHttpApi(api: Api, topology: Topology, options: HttpApiOptions): Host {
  const { invoke, internet, now, switches } = options
  const { id = 'a1b2c3d4e5', region = 'eu-central-1', account = '111122223333' } = options
  if (api.protocol !== 'HTTP') throw new TypeError('HTTP API twin: not an HTTP API')
  const domain = `${id}.execute-api.${region}.amazonaws.com`
  const arn = `arn:aws:execute-api:${region}:${account}:${id}`
  const aliases = ofKind(topology, 'distribution').flatMap(({ aliases: names }) => names)
  const route = createRouter(api, topology, switches)
  const keys = new IssuerKeys(internet, now)

  /** Rejects where the resource policy of the function says no. */
  const call = async (nameOrArn: string, sourceArn: string, event: object): Promise<unknown> => {
    const name = nameOfFunction(nameOrArn)
    if (!mayInvoke(topology, name, sourceArn)) throw new Error(`may not invoke ${name}`)
    return invoke(name, event)
  }
  const lambdaAuthorizers = new Map(
    ofKind(topology, 'authorizer')
      .filter(({ type, api: owner }) => type === 'REQUEST' && owner === api.name)
      .map((authorizer) => {
        const source = `${arn}/authorizers/${authorizerId(authorizer.name)}`
        const ask = (event: object) => call(authorizer.function ?? '', source, event)
        return [
          authorizer.name,
          new LambdaAuthorizer(authorizer, {
            invoke: ask,
            now,
            unauthorizedError: switches.apiUnauthorizedError,
          }),
        ]
      }),
  )

  const authorize = async (
    matched: Route,
    request: HttpRequest,
    arrival: Arrival,
  ): Promise<{ context?: AuthorizerContext } | { response: HttpResponse }> => {
    if (matched.authorizer === null) return {}
    const authorizer = findResource(topology, 'authorizer', matched.authorizer)
    if (authorizer === undefined) throw new TypeError(`no authorizer "${matched.authorizer}"`)
    if (authorizer.type === 'JWT')
      return authorizeByJwt(authorizer, matched, request, keys, arrival.now)
    const routeArn = `${arn}/${arrival.stage}/${request.method}${arrival.rawPath}`
    const asked = lambdaAuthorizers.get(authorizer.name)?.authorize(request, arrival, routeArn)
    return (await asked) ?? { response: refuse(500) }
  }

  const integrate = async (
    matched: Route,
    arrival: Arrival,
    event: object,
  ): Promise<HttpResponse> => {
    const integration = findResource(topology, 'integration', matched.integration)
    if (integration === undefined) return refuse(500)
    if (Buffer.byteLength(JSON.stringify(event)) > MAXIMUM_EVENT_BYTES) return refuse(413)
    const path = matched.key === '$default' ? '$default' : matched.key.replace(' ', '')
    const source = `${arn}/${arrival.stage}/${path}`
    try {
      const result = await within(call(integration.function, source, event), timeoutOf(integration))
      return result === TIMED_OUT ? refuse(503) : toHttpResponse(result, switches)
    } catch {
      return refuse(500)
    }
  }

  const answer = async (request: HttpRequest, requestId: string): Promise<HttpResponse> => {
    const refused = refuseByLimits(request)
    if (refused !== undefined) return refused
    const host = headerValue(request.headers, 'host')?.toLowerCase().replace(/:443$/, '') ?? ''
    const isForwardedHost = switches.hostForwarding === 'accepted' && aliases.includes(host)
    if (host === domain && !api.executeApiEndpoint) return refuse(404)
    if (host !== domain && !isForwardedHost) return refuse(403)
    const sentPath = pathOf(request.target)
    // Amazon API Gateway important notes: reserved for the service's health check.
    if (sentPath === '/ping' || sentPath === '/sping') return respond(200, [], 'healthy')
    const rawPath = decodePath(sentPath)
    if (rawPath === undefined) return refuse(400)
    const matchedPath = switches.apiPathMatching === 'as-sent' ? sentPath : rawPath
    const staged = chooseStage(api, topology, matchedPath)
    if (staged === undefined) return refuse(404)
    if (api.cors && isPreflight(request)) return respond(204, [])
    const found = route(request.method, staged.path)
    if (found === undefined) return refuse(404)
    const arrival: Arrival = {
      accountId: account,
      apiId: id,
      domain: host,
      stage: staged.stage.stageName,
      routeKey: found.route.key,
      pathParameters: found.pathParameters,
      rawPath,
      requestId,
      now: now(),
    }
    const authorized = await authorize(found.route, request, arrival)
    if ('response' in authorized) return authorized.response
    return integrate(found.route, arrival, toEvent(request, arrival, authorized.context))
  }

  return async (request) => {
    const requestId = randomUUID()
    const response = await answer(request, requestId)
    const headers = withoutHeaders(response.headers, (name) => name === 'apigw-requestid')
    return { ...response, headers: [...headers, ['apigw-requestid', requestId]] }
  }
}

function refuseByLimits(request: HttpRequest): HttpResponse | undefined {
  // "Total combined size of request line and header values".
  const requestLine = `${request.method} ${request.target} HTTP/1.1`.length
  const head = request.headers.reduce((sum, [, value]) => sum + value.length, requestLine)
  if (head > MAXIMUM_HEAD_BYTES) return refuse(431)
  if (request.body.length > MAXIMUM_BODY_BYTES) return refuse(413)
  return request.target.startsWith('/') ? undefined : refuse(400)
}

/** As captured from live events: decoded once, and cut where that yields a question mark. */
function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path).split('?', 1)[0]
  } catch {
    return undefined
  }
}

function isPreflight({ method, headers }: HttpRequest): boolean {
  const asks = ['origin', 'access-control-request-method']
  return method === 'OPTIONS' && asks.every((name) => headerValue(headers, name) !== undefined)
}

function timeoutOf({ timeoutMilliseconds }: Integration): number {
  return Math.min(timeoutMilliseconds, MAXIMUM_TIMEOUT_MS)
}
