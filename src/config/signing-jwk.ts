/** The one signature algorithm a configured key may have (RFC 8725 §3.1); undefined: unsupported. */
export function signatureAlgorithmOf(jwk: JsonWebKey): string | undefined {
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return 'EdDSA'
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return 'ES256'
  if (jwk.kty === 'RSA') return 'RS256'
  return undefined
}

// RFC 7518 §6.2, §6.3, RFC 8037 §2: what Web Crypto needs for a private key.
const MEMBERS: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  OKP: ['x', 'd'],
  EC: ['x', 'y', 'd'],
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
}

export function isSupportedSigningJwk(jwk: JsonWebKey): boolean {
  if (signatureAlgorithmOf(jwk) === undefined) return false
  const members = MEMBERS[jwk.kty ?? ''] ?? []
  if (members.some((member) => typeof jwk[member] !== 'string')) return false
  // RFC 7518 §3.3: 2048 bits or more; six bits to a base64url character.
  return jwk.kty !== 'RSA' || (jwk.n ?? '').length * 6 >= 2048
}
