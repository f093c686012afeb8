import { fromBase64url } from '../../protocol/base64url.ts'
import { fail, ok, type Result } from '../../protocol/result.ts'
import type { Answer, Ask, Silence } from '../ask.ts'
import { isObject, textOf } from '../probes/documents.ts'
import { postForm } from '../probes/token.ts'

/** Of a real person: what is in here is never printed. */
export interface Tokens {
  /** POST and the token endpoint. */
  where: string
  accessToken: string
  tokenType: string | undefined
  refreshToken: string | undefined
  /** Undefined where it is absent or no number. */
  expiresInSeconds: number | undefined
}

/** RFC 6749 §5.1; the failure is what came instead. */
export async function requestTokens(
  ask: Ask,
  endpoint: string,
  parameters: Record<string, string>,
): Promise<Result<Tokens, Answer | Silence>> {
  const asked = await postForm(ask, endpoint, parameters)
  if (!asked.ok) return asked
  const { status, json, where } = asked.value
  const accessToken = isObject(json) ? textOf(json, 'access_token') : undefined
  if (status !== 200 || !isObject(json) || accessToken === undefined) return fail(asked.value)
  const expiresIn = Number(json['expires_in'])
  return ok({
    where,
    accessToken,
    tokenType: textOf(json, 'token_type'),
    refreshToken: textOf(json, 'refresh_token'),
    expiresInSeconds: Number.isFinite(expiresIn) ? expiresIn : undefined,
  })
}

/** What an access token says about itself, unverified and without who it is about. */
export interface Claims {
  issuer: string | undefined
  audiences: string[]
  clientId: string | undefined
  scope: string | undefined
  tokenUse: string | undefined
  expiresAt: number | undefined
}

/** Undefined where the token is opaque. */
export function readClaims(accessToken: string): Claims | undefined {
  const payload = decodePayload(accessToken.split('.')[1] ?? '')
  if (payload === undefined) return undefined
  const { aud, exp } = payload
  return {
    issuer: textOf(payload, 'iss'),
    audiences: [aud].flat().filter((each) => typeof each === 'string'),
    clientId: textOf(payload, 'client_id'),
    scope: textOf(payload, 'scope') ?? textOf(payload, 'scp'),
    tokenUse: textOf(payload, 'token_use'),
    expiresAt: typeof exp === 'number' ? exp : undefined,
  }
}

function decodePayload(segment: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = fromBase64url(segment)
  if (bytes === undefined) return undefined
  try {
    const payload: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isObject(payload) ? payload : undefined
  } catch {
    return undefined
  }
}
