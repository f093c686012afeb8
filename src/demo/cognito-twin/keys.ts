import { calculateJwkThumbprint, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose'

export interface TwinKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

export interface TwinKeys {
  readonly access: TwinKey
  readonly id: TwinKey
  readonly jwks: { keys: JWK[] }
}

/**
 * Developer guide, Verifying JSON web tokens: RS256, and the `kid` of ID tokens differs from the
 * `kid` of access tokens.
 */
export async function generateTwinKeys(previous?: TwinKeys): Promise<TwinKeys> {
  const [id, access] = await Promise.all([generateKey(), generateKey()])
  return {
    id: id.key,
    access: access.key,
    jwks: { keys: [id.jwk, access.jwk, ...(previous?.jwks.keys ?? [])] },
  }
}

async function generateKey(): Promise<{ key: TwinKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const exported = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(exported)
  return {
    key: { kid, privateKey, publicKey },
    jwk: { ...exported, kid, alg: 'RS256', use: 'sig' },
  }
}
