import { compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose'
import * as v from 'valibot'
import type { Authorizer, Route } from '../../../src/aws/topology.ts'
import type { HttpRequest, HttpResponse } from '../http.ts'
import { refuse } from './answers.ts'
import type { AuthorizerContext } from './event.ts'
import { readIdentitySources } from './identity-sources.ts'
import type { IssuerKeys } from './issuer-keys.ts'

/** Only RSA-based algorithms are supported. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

const claimsSchema = v.looseObject({
  iss: v.string(),
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  client_id: v.optional(v.string()),
  exp: v.number(),
  nbf: v.optional(v.number()),
  iat: v.optional(v.number()),
  scope: v.optional(v.string()),
  scp: v.optional(v.union([v.string(), v.array(v.string())])),
})
type Claims = v.InferOutput<typeof claimsSchema>

/**
 * API Gateway guide, Control access to HTTP APIs with JWT authorizers, Authorize API requests. It
 * does not look at `token_use`: an ID token passes where the route has no scopes.
 */
export async function authorizeByJwt(
  authorizer: Authorizer,
  route: Route,
  request: HttpRequest,
  keys: IssuerKeys,
  now: number,
): Promise<{ context: AuthorizerContext } | { response: HttpResponse }> {
  const [value] = readIdentitySources(authorizer.identitySources, request, route.key) ?? []
  if (value === undefined) return { response: unauthorized() }
  const verified = await verify(value.replace(/^Bearer /, ''), authorizer, keys)
  if (verified === 'unreachable') return { response: refuse(500) }
  if (verified === undefined || verified.iss !== authorizer.issuer)
    return { response: unauthorized() }
  const seconds = Math.floor(now / 1000)
  if (verified.exp <= seconds) return { response: unauthorized('the token has expired') }
  if ((verified.nbf ?? 0) > seconds || (verified.iat ?? 0) > seconds)
    return { response: unauthorized() }
  if (!audiencesOf(verified).some((audience) => authorizer.audience.includes(audience)))
    return { response: unauthorized('the token does not have a valid audience') }
  const granted = scopesOf(verified).filter((scope) => route.scopes.includes(scope))
  if (route.scopes.length > 0 && granted.length === 0) return { response: refuse(403) }
  const claims = Object.entries(verified).map(([name, claim]) => [name, toText(claim)])
  const scopes = route.scopes.length > 0 ? granted : null
  return {
    context: { jwt: { claims: Object.fromEntries(claims) as Record<string, string>, scopes } },
  }
}

async function verify(
  token: string,
  { issuer }: Authorizer,
  keys: IssuerKeys,
): Promise<Claims | undefined | 'unreachable'> {
  const keySet = await keys.get(issuer ?? '')
  if (keySet === undefined) return 'unreachable'
  try {
    const { kid } = decodeProtectedHeader(token)
    const jwk = keySet.keys.find((each) => each.kid === kid)
    if (kid === undefined || jwk === undefined) return undefined
    const { payload } = await compactVerify(token, await importKey(jwk), { algorithms: ALGORITHMS })
    const claims = v.safeParse(claimsSchema, JSON.parse(Buffer.from(payload).toString()))
    return claims.success ? claims.output : undefined
  } catch {
    return undefined
  }
}

function importKey(jwk: JWK): ReturnType<typeof importJWK> {
  return importJWK(jwk, jwk.alg ?? 'RS256')
}

/** `client_id` counts only where there is no `aud`. */
function audiencesOf({ aud, client_id }: Claims): string[] {
  if (aud !== undefined) return [aud].flat()
  return client_id === undefined ? [] : [client_id]
}

function scopesOf({ scope, scp }: Claims): string[] {
  return [scope ?? '', scp ?? ''].flat().flatMap((each) => each.split(' '))
}

/** Claims reach functions as strings, as Go prints them: `[Admins Readers]`, `map[a:1]`. */
function toText(claim: unknown): string {
  if (Array.isArray(claim)) return `[${claim.map(toText).join(' ')}]`
  if (typeof claim !== 'object' || claim === null) return String(claim)
  const members = Object.entries(claim).map(([name, value]) => `${name}:${toText(value)}`)
  return `map[${members.toSorted().join(' ')}]`
}

/** API Gateway guide, Troubleshoot issues with HTTP API JWT authorizers. */
function unauthorized(description?: string): HttpResponse {
  const challenge =
    description === undefined
      ? 'Bearer'
      : `Bearer scope="" error="invalid_token" error_description="${description}"`
  return refuse(401, [['www-authenticate', challenge]])
}
