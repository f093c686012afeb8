import type { AuthInfo } from '../config/options.ts'
import type { Caller } from './caller.ts'

/**
 * What the MCP server is told about the person. Values are percent-encoded: no name may break a
 * header or fake a second value.
 */
export function identityHeaders(caller: Caller): [string, string][] {
  const headers: [string, string][] = [
    ['x-forwarded-user', percentEncode(`${caller.idp} ${caller.sub}`)],
  ]
  if (caller.email !== undefined) headers.push(['x-forwarded-email', percentEncode(caller.email)])
  if (caller.groups !== undefined)
    headers.push(['x-forwarded-groups', caller.groups.map(percentEncode).join(',')])
  return headers
}

/** A lone surrogate, which JSON can carry and URIs cannot, becomes U+FFFD. */
function percentEncode(value: string): string {
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\uFFFD'))
}

/** The same for tools of the official SDK in this process. */
export function toAuthInfo(token: string, caller: Caller): AuthInfo {
  return {
    token,
    clientId: caller.client_id,
    scopes: caller.scope.split(' ').filter((scope) => scope !== ''),
    expiresAt: caller.exp,
    resource: new URL(caller.aud),
    extra: {
      subject: caller.sub,
      issuer: caller.idp,
      ...(caller.email === undefined ? {} : { email: caller.email }),
      ...(caller.groups === undefined ? {} : { groups: caller.groups }),
    },
  }
}
