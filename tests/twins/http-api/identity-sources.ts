import { headerValues, type HttpRequest, queryOf } from '../http.ts'

/**
 * API Gateway guide, Control access with Lambda authorizers, Identity sources. Undefined where one
 * is missing or empty.
 */
export function readIdentitySources(
  sources: readonly string[],
  request: HttpRequest,
  routeKey: string,
): string[] | undefined {
  const values: string[] = []
  for (const source of sources) {
    const value = readIdentitySource(source, request, routeKey)
    if (value === undefined || value === '') return undefined
    values.push(value)
  }
  return values
}

function readIdentitySource(
  source: string,
  request: HttpRequest,
  routeKey: string,
): string | undefined {
  const header = /^\$request\.header\.(.+)$/.exec(source)?.[1]
  if (header !== undefined) return headerValues(request.headers, header).join(',')
  const parameter = /^\$request\.querystring\.(.+)$/.exec(source)?.[1]
  if (parameter !== undefined)
    return new URLSearchParams(queryOf(request.target)).get(parameter) ?? undefined
  if (source === '$context.routeKey') return routeKey
  throw new TypeError(`HTTP API twin: identity source "${source}" is not imitated`)
}
