import type { Ask, Asked } from '../ask.ts'
import { authorizationUrl, UNKNOWN_CLIENT, type AuthorizationRequest } from './authorization.ts'
import { askResource, BAD_TOKEN } from './resource.ts'
import { probeClientAtToken } from './token.ts'

/** Two requests under a query of their own, which no cache has seen and no server looks at. */
export interface Pair {
  /** Asked first. */
  first: Asked
  /** What must be answered differently, under the same query. */
  second: Asked
  /** The same as the second, under another query. */
  past: Asked
}

/** Whether something in between keeps an answer for the next one who asks. */
export interface ReplayEvidence {
  get: Pair
  post: Pair
  /** Undefined without a client that has registered. */
  token: Pair | undefined
  /** One more request that differs in its state and in more from those before. */
  authorize: Asked | undefined
}

interface Server {
  mcpUrl: string
  authorization: string | undefined
  token: string | undefined
  request: AuthorizationRequest | undefined
}

export async function probeReplay(
  ask: Ask,
  { mcpUrl, authorization, token, request }: Server,
  random: () => string,
): Promise<ReplayEvidence> {
  const pair = async (
    url: string,
    first: (url: string) => Promise<Asked>,
    second: (url: string) => Promise<Asked>,
  ): Promise<Pair> => {
    const once = withQuery(url, random())
    const seen = await first(once)
    const [again, past] = await Promise.all([second(once), second(withQuery(url, random()))])
    return { first: seen, second: again, past }
  }
  const resource = (method: 'GET' | 'POST'): Promise<Pair> =>
    pair(
      mcpUrl,
      (url) => askResource(ask, url, method),
      (url) => askResource(ask, url, method, BAD_TOKEN),
    )
  const [get, post, atToken, authorize] = await Promise.all([
    resource('GET'),
    resource('POST'),
    token === undefined || request === undefined
      ? undefined
      : pair(
          token,
          (url) => probeClientAtToken(ask, url, request.clientId),
          (url) => probeClientAtToken(ask, url, UNKNOWN_CLIENT),
        ),
    authorization === undefined || request === undefined
      ? undefined
      : ask(authorizationUrl(authorization, request, { state: random(), response_type: 'none' }), {
          headers: { accept: 'text/html' },
        }),
  ])
  return { get, post, token: atToken, authorize }
}

export const QUERY = 'postern-doctor'

function withQuery(address: string, value: string): string {
  const url = new URL(address)
  url.searchParams.set(QUERY, value)
  return url.href
}
