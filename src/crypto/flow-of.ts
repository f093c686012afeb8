import { toFlowId } from '../protocol/flow-id.ts'
import { isCodeVerifier, isS256Challenge } from '../protocol/pkce.ts'
import type { Runtime } from '../runtime.ts'
import { sha256, utf8 } from './digest.ts'

/**
 * The flow id of an authorization request: from its code_challenge, which is new for every sign-in.
 * So whoever asks twice (mcp-remote looks before it opens the browser; people reload) stays in one
 * flow, and in relay mode, where nothing of ours travels along, the code_verifier at /token tells
 * which it was. Hashed, so that an id says nothing about the challenge.
 */
export async function flowOf(
  codeChallenge: string | undefined,
  runtime: Pick<Runtime, 'random'>,
): Promise<string> {
  if (codeChallenge === undefined || !isS256Challenge(codeChallenge))
    return toFlowId(runtime.random(16))
  const digest = await crypto.subtle.digest('SHA-256', utf8(`postern flow v1\n${codeChallenge}`))
  return toFlowId(new Uint8Array(digest))
}

/** The flow of whoever knows its code_verifier: nobody can claim the flow of somebody else. */
export async function flowOfVerifier(
  codeVerifier: string | undefined,
  runtime: Pick<Runtime, 'random'>,
): Promise<string | undefined> {
  if (codeVerifier === undefined || !isCodeVerifier(codeVerifier)) return undefined
  return flowOf(await sha256(codeVerifier), runtime)
}
