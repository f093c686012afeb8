import * as v from 'valibot'
import type { Resource } from '../config/gate-config.ts'
import type { RelayConfig } from '../config/relay.ts'
import { verifyJwt, type VerificationKey } from '../crypto/access-token.ts'
import type { Caller, TokenRefusal, VerifyToken } from '../gate/caller.ts'
import { evaluateAccess, readGroups, verifiedEmail, type Claims } from '../protocol/access.ts'
import { normalizeResource } from '../protocol/resource.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { parseScope } from '../protocol/scope.ts'
import type { Runtime } from '../runtime.ts'

/** What is read of an access token: RFC 9068 §2.2, and what providers write instead. */
const TokenClaims = v.looseObject({
  sub: v.string(),
  iat: v.number(),
  exp: v.number(),
  jti: v.optional(v.string()),
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  /** The client, by its names: RFC 9068, OpenID Connect, Okta, Entra ID. */
  client_id: v.optional(v.string()),
  azp: v.optional(v.string()),
  cid: v.optional(v.string()),
  appid: v.optional(v.string()),
  /** The scope, by its names: RFC 9068; Okta (a list) and Entra ID. */
  scope: v.optional(v.string()),
  scp: v.optional(v.union([v.string(), v.array(v.string())])),
  token_use: v.optional(v.string()),
})
type TokenClaims = v.InferOutput<typeof TokenClaims>

/** Verifies access tokens of the identity provider offline, and applies the access policy to them. */
export function createIdpTokenVerifier(
  config: RelayConfig,
  keys: readonly VerificationKey[],
  runtime: Pick<Runtime, 'now'>,
): VerifyToken {
  return async (token, resource) => {
    const verified = await verifyJwt(token, keys, {
      issuer: config.identityProvider.issuer,
      currentDate: new Date(runtime.now()),
      requiredClaims: ['exp', 'iat', 'sub'],
    })
    if (!verified.ok) return verified
    const parsed = v.safeParse(TokenClaims, verified.value.payload)
    if (!parsed.success) return fail({ reason: 'token_claims_invalid' })
    const claims = parsed.output
    return isAccessToken(claims, verified.value.typ, config) && isForUs(claims, resource, config)
      ? toCaller(claims, resource, config)
      : fail({ reason: 'token_claims_invalid' })
  }
}

/**
 * Whether it is an access token. Cognito says so (`token_use`), others by `typ` (RFC 9068 §2.1).
 * Where nothing says so, whatever only ID tokens have is refused; that their `aud` is a client and
 * not this resource keeps the others out.
 */
function isAccessToken(
  claims: TokenClaims,
  typ: string | undefined,
  { identityProvider }: RelayConfig,
): boolean {
  // Bound to a key (RFC 8705 §3, RFC 9449 §6): without proof of that key it is worth nothing.
  if (claims['cnf'] !== undefined) return false
  if (identityProvider.preset.tokenUse || claims.token_use !== undefined)
    return claims.token_use === 'access'
  if (/^(?:application\/)?at\+jwt$/i.test(typ ?? '')) return true
  if (!/^JWT$/i.test(typ ?? 'JWT')) return false
  return ['nonce', 'at_hash', 'c_hash'].every((name) => claims[name] === undefined)
}

/** RFC 9068 §4 `aud`; without one, as from Cognito without resource binding, our client alone. */
function isForUs(
  { aud, client_id, azp, cid, appid }: TokenClaims,
  resource: Resource,
  { identityProvider: { clientId } }: RelayConfig,
): boolean {
  const client = client_id ?? azp ?? cid ?? appid
  if (client !== undefined && client !== clientId) return false
  if (aud === undefined) return client === clientId
  const own = normalizeResource(resource.url)
  return [aud].flat().some((audience) => normalizeResource(audience) === own)
}

function toCaller(
  claims: TokenClaims,
  resource: Resource,
  config: RelayConfig,
): Result<Caller, TokenRefusal> {
  const { groupsClaim, clientId, issuer } = config.identityProvider
  const all: Claims = claims
  const access = evaluateAccess(config.access, all, groupsClaim)
  const held = parseScope(claims.scope ?? [claims.scp ?? ''].flat().join(' ')).filter((scope) =>
    resource.scopes.includes(scope),
  )
  if (!access.admitted) return fail({ reason: 'access_refused' })
  const given = held.filter((scope) => access.scopes === 'all' || access.scopes.includes(scope))
  // Who is given nothing here may not come in, whatever the identity provider granted.
  if (held.length > 0 && given.length === 0) return fail({ reason: 'access_refused' })
  const groups = readGroups(all, groupsClaim).filter((group) =>
    config.forwardGroups.includes(group),
  )
  const email = verifiedEmail(all)
  return ok({
    aud: resource.url,
    sub: claims.sub,
    client_id: clientId,
    scope: given.join(' '),
    idp: issuer,
    iat: claims.iat,
    exp: claims.exp,
    jti: claims.jti ?? '',
    ...(email === undefined ? {} : { email }),
    ...(groups.length === 0 ? {} : { groups }),
  })
}
