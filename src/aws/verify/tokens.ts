import * as v from 'valibot'
import { PATHS } from '../../protocol/metadata.ts'
import { fail, ok, type Result } from '../../protocol/result.ts'
import type { Deployment } from './deployment.ts'
import { shown } from './finding.ts'
import { readTokenError } from './token-probe.ts'

/** Of a real person: what is in here is never printed. */
export interface Tokens {
  accessToken: string
  refreshToken: string | undefined
  expiresIn: number | undefined
}

const TokensSchema = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  token_type: v.string(),
  refresh_token: v.optional(v.string()),
  expires_in: v.optional(v.number()),
})

/** POST /token, as clients do. The failure is `400 invalid_grant` and the like, without a body. */
export async function requestTokens(
  deployment: Deployment,
  parameters: Record<string, string>,
): Promise<Result<Tokens, string>> {
  const asked = await postForm(deployment, PATHS.token, parameters)
  if (!asked.ok) return asked
  const { status, json } = asked.value
  const tokens = v.safeParse(TokensSchema, json)
  if (status === 200 && tokens.success)
    return ok({
      accessToken: tokens.output.access_token,
      refreshToken: tokens.output.refresh_token,
      expiresIn: tokens.output.expires_in,
    })
  return fail(`${status} ${readTokenError(asked.value) ?? 'without an OAuth error'}`)
}

/** POST /revoke (RFC 7009); the status, or why there was none. */
export async function revokeToken(
  deployment: Deployment,
  parameters: Record<string, string>,
): Promise<Result<number, string>> {
  const asked = await postForm(deployment, PATHS.revoke, parameters)
  return asked.ok ? ok(asked.value.status) : asked
}

function postForm(
  deployment: Deployment,
  path: string,
  parameters: Record<string, string>,
): ReturnType<Deployment['ask']> {
  return deployment.ask(deployment.origin + path, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters).toString(),
  })
}

const ClaimsSchema = v.object({
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  scope: v.optional(v.string()),
  token_use: v.optional(v.string()),
})

/** What an access token says about itself, unverified and without who it is about. */
export function readClaims(
  accessToken: string,
): { audiences: string[]; scope: string; tokenUse: string | undefined } | undefined {
  const [, payload = ''] = accessToken.split('.')
  try {
    const parsed = v.safeParse(
      ClaimsSchema,
      JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')),
    )
    if (!parsed.success) return undefined
    const { aud, scope, token_use: tokenUse } = parsed.output
    return {
      audiences: aud === undefined ? [] : [aud].flat(),
      scope: shown(scope ?? ''),
      tokenUse: tokenUse === undefined ? undefined : shown(tokenUse),
    }
  } catch {
    return undefined
  }
}
