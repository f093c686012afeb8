import { createHash, randomBytes } from 'node:crypto'
import type { Dispatcher } from 'undici'

interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/**
 * One whole sign-in, as a client and a browser do it: register, authorize, consent, through the
 * identity provider, callback, token. Resolves to the token endpoint's answer.
 */
export async function dance(
  dispatcher: Dispatcher,
  resource: string,
): Promise<{ access_token: string }> {
  const { origin } = new URL(resource)
  const cookies = new Map<string, string>()

  const send = async (url: string, init: Partial<Dispatcher.RequestOptions>): Promise<Reply> => {
    const { origin: to, pathname, search } = new URL(url)
    const options = { method: 'GET' as const, ...init, origin: to, path: pathname + search }
    const { statusCode, headers, body } = await dispatcher.request(options)
    for (const cookie of [headers['set-cookie'] ?? []].flat()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split(/=(.*)/s)
      cookies.set(name, value)
    }
    return { status: statusCode, headers, body: await body.text() }
  }
  const browser = (extra: Record<string, string> = {}): Record<string, string> => ({
    accept: 'application/json',
    cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    ...extra,
  })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  const redirectUri = 'http://127.0.0.1:33418/callback'
  const registered = await send(`${origin}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'bench', redirect_uris: [redirectUri] }),
  })
  const { client_id: clientId } = readJson<{ client_id: string }>(registered, 201)

  const verifier = randomBytes(32).toString('base64url')
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: randomBytes(16).toString('base64url'),
    resource,
  })
  const consent = await send(`${origin}/authorize?${query.toString()}`, { headers: browser() })
  const sealed = /name="request" value="([^"]+)"/.exec(consent.body)?.[1]
  if (sealed === undefined) throw new Error(`no consent form: ${consent.status} ${consent.body}`)

  const approved = await send(`${origin}/consent`, {
    method: 'POST',
    headers: browser({ ...form, origin, 'sec-fetch-site': 'same-origin' }),
    body: new URLSearchParams({ request: sealed, action: 'approve' }).toString(),
  })
  const signedIn = await send(readLocation(approved), {})
  const returned = await send(readLocation(signedIn), { headers: browser() })
  const code = new URL(readLocation(returned)).searchParams.get('code') ?? ''

  const tokens = await send(`${origin}/token`, {
    method: 'POST',
    headers: form,
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      client_id: clientId,
      redirect_uri: redirectUri,
      resource,
    }).toString(),
  })
  return readJson(tokens, 200)
}

function readJson<T>({ status, body }: Reply, expected: number): T {
  if (status !== expected) throw new Error(`expected ${expected}, got ${status}: ${body}`)
  return JSON.parse(body) as T
}

function readLocation({ status, headers, body }: Reply): string {
  if (typeof headers['location'] !== 'string') throw new Error(`no redirect: ${status} ${body}`)
  return headers['location']
}
