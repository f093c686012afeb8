import type { GateConfig, Resource } from '../config/gate-config.ts'
import { randomId, signJwt, type SigningKey } from '../crypto/signing.ts'
import type { Runtime } from '../runtime.ts'
import type { Caller } from './caller.ts'

const IDENTITY_SECONDS = 60

export type SignIdentity = (caller: Caller, resource: Resource) => Promise<string>

/**
 * The identity JWT: the identity headers, signed, for MCP servers that want proof. Its keys are
 * published apart from the authorization server's, so neither kind of token can be taken for the
 * other.
 */
export function createIdentitySigner(
  config: Pick<GateConfig, 'issuer'>,
  keys: readonly SigningKey[],
  runtime: Pick<Runtime, 'now' | 'random'>,
): SignIdentity {
  const [key] = keys
  if (key === undefined) throw new TypeError('at least one gate-sign key is needed')
  return (caller, resource) => {
    const issuedAt = Math.floor(runtime.now() / 1000)
    return signJwt(key, 'postern-identity+jwt', {
      iss: config.issuer,
      aud: typeof resource.upstream === 'string' ? resource.upstream : resource.url,
      sub: caller.sub,
      idp: caller.idp,
      client_id: caller.client_id,
      scope: caller.scope,
      ...(caller.email === undefined ? {} : { email: caller.email }),
      ...(caller.groups === undefined ? {} : { groups: caller.groups }),
      iat: issuedAt,
      exp: issuedAt + IDENTITY_SECONDS,
      jti: randomId(runtime.random),
    })
  }
}
