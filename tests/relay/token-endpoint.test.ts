import { describe, expect, test } from 'vitest'
import type { RelayTokenOptions } from '../../src/config/options.ts'
import type { PosternEvent } from '../../src/events.ts'
import { createRelayTokenEndpoint } from '../../src/relay/token-endpoint.ts'
import {
  callMcp,
  FetchBrowser,
  logIn,
  pkce,
  post,
  refresh,
  REDIRECT_URI,
} from '../support/dance.ts'
import { ISSUER, MCP_URL } from '../support/world.ts'
import {
  approveRelay,
  CLIENT_ID,
  createRelayWorld,
  obtainRelayTokens,
  relayAuthorizeUrl,
  TOOLS,
  type RelayWorld,
  type RelayWorldOptions,
} from './relay-world.ts'

const FUNCTION: RelayWorldOptions = { relay: { tokenPath: 'function' } }
const SECRET = 'own1Secret'
const CONFIDENTIAL: RelayWorldOptions = {
  ...FUNCTION,
  identityProvider: { clientSecret: SECRET },
  twin: {
    clients: [
      {
        clientId: CLIENT_ID,
        clientSecret: SECRET,
        callbackUrls: [REDIRECT_URI],
        scopes: [TOOLS, 'openid'],
      },
    ],
  },
}
const VERIFIER = 'v'.repeat(43)
const CODE_FORM: Record<string, string> = {
  grant_type: 'authorization_code',
  client_id: CLIENT_ID,
  code: 'code',
  code_verifier: VERIFIER,
  redirect_uri: REDIRECT_URI,
}
const REFRESH_FORM: Record<string, string> = {
  grant_type: 'refresh_token',
  client_id: CLIENT_ID,
  refresh_token: 'token',
}

interface Endpoint {
  fetch: (request: Request) => Promise<Response>
  sent: { url: string; init: RequestInit; form: Record<string, string> }[]
  events: PosternEvent[]
}

/** The endpoint before an identity provider that answers as told. */
function openEndpoint(
  answer: (signal: AbortSignal) => Response | Promise<Response>,
  changes: Partial<RelayTokenOptions> = {},
  identityProvider: Partial<RelayTokenOptions['identityProvider']> = {},
): Endpoint {
  const sent: Endpoint['sent'] = []
  const events: PosternEvent[] = []
  const { fetch } = createRelayTokenEndpoint(
    {
      url: MCP_URL,
      ...changes,
      identityProvider: {
        clientId: CLIENT_ID,
        tokenEndpoint: 'https://idp.test/oauth2/token',
        revocationEndpoint: 'https://idp.test/oauth2/revoke',
        timeoutSeconds: 1,
        ...identityProvider,
      },
    },
    {
      emit: (event) => events.push(event),
      fetch: async (input, init = {}) => {
        const form = Object.fromEntries(init.body as URLSearchParams)
        sent.push({ url: new Request(input).url, init, form })
        return answer(init.signal ?? AbortSignal.abort())
      },
    },
  )
  return { fetch, sent, events }
}

const GIVEN = { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 3600 }
const given = (): Response => Response.json(GIVEN)

async function answerOf(response: Response): Promise<[number, Record<string, unknown>]> {
  return [response.status, (await response.json()) as Record<string, unknown>]
}

describe('with the twin of Cognito', () => {
  test('a whole sign-in: resource is stripped, and no ID token comes back', async () => {
    const world = await createRelayWorld({
      ...FUNCTION,
      relay: { tokenPath: 'function', scopes: [TOOLS, 'openid'] },
      twin: { resourceAtToken: 'invalid-request' },
    })
    const tokens = await obtainRelayTokens(world, { scope: `${TOOLS} openid` })
    expect(Object.keys(tokens).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'token_type',
    ])
    expect([...(world.idpForms[0]?.form.keys() ?? [])].toSorted()).toEqual([
      'client_id',
      'code',
      'code_verifier',
      'grant_type',
      'redirect_uri',
    ])
    expect((await callMcp(world.relay, tokens.access_token)).status).toBe(200)
    expect(world.events).toContainEqual({
      type: 'relay.tokens-passed-on',
      grant: 'authorization_code',
      client: CLIENT_ID,
      jti: expect.any(String),
      flow: expect.any(String),
    })
  })

  test('the edge alone would fail there, which is what this endpoint is for', async () => {
    const world = await createRelayWorld({ twin: { resourceAtToken: 'invalid-request' } })
    await expect(obtainRelayTokens(world)).rejects.toThrow('invalid_request')
  })

  test('refresh, rotation and revocation', async () => {
    const world = await createRelayWorld(FUNCTION)
    const first = await obtainRelayTokens(world)
    const signedIn = { ...first, clientId: CLIENT_ID }
    const extras = { scope: TOOLS, resource: MCP_URL }
    const second = await refresh(world.postern, signedIn, extras)
    expect(second.status).toBe(200)
    expect(second.headers.get('cache-control')).toBe('no-store')
    const { refresh_token: token = '' } = (await second.json()) as { refresh_token?: string }
    expect(token).not.toBe(first.refresh_token)
    expect([...(world.idpForms.at(-1)?.form.keys() ?? [])].toSorted()).toEqual([
      'client_id',
      'grant_type',
      'refresh_token',
    ])
    const revoked = await post(world.postern, '/revoke', { client_id: CLIENT_ID, token })
    expect([revoked.status, await revoked.text()]).toEqual([200, ''])
    const dead = await refresh(world.postern, { ...signedIn, refresh_token: token })
    expect(await answerOf(dead)).toMatchObject([400, { error: 'invalid_grant' }])
    expect(world.events.map(({ type }) => type)).toContain('relay.token-revoked')
  })

  test('our secret is added here, and nobody needs to know it', async () => {
    const world = await createRelayWorld(CONFIDENTIAL)
    const tokens = await obtainRelayTokens(world)
    expect((await callMcp(world.relay, tokens.access_token)).status).toBe(200)
    expect(world.idpForms[0]?.authorization).toBe(`Basic ${btoa(`${CLIENT_ID}:${SECRET}`)}`)
    expect(world.idpForms[0]?.form.has('client_secret')).toBe(false)
  })

  test('a redirect_uri that differs is invalid_grant, not unauthorized_client', async () => {
    const world = await createRelayWorld(FUNCTION)
    const code = await codeOf(world)
    const response = await post(world.postern, '/token', {
      ...CODE_FORM,
      code,
      redirect_uri: 'http://127.0.0.1:3334/oauth/callback',
    })
    expect(await answerOf(response)).toMatchObject([400, { error: 'invalid_grant' }])
    expect(world.events.at(-1)).toMatchObject({ reason: 'token_redirect_uri_mismatch' })
  })

  test('our wrong secret is 401 invalid_client', async () => {
    const world = await createRelayWorld({
      ...CONFIDENTIAL,
      identityProvider: { clientSecret: 'outdated' },
    })
    const response = await post(world.postern, '/token', CODE_FORM)
    expect(await answerOf(response)).toMatchObject([401, { error: 'invalid_client' }])
  })

  async function codeOf(world: RelayWorld): Promise<string> {
    const browser = new FetchBrowser(world)
    const url = await approveRelay(browser, relayAuthorizeUrl(pkce().challenge))
    return new URL(await logIn(browser, url)).searchParams.get('code') ?? ''
  }
})

describe('requests that do not reach the identity provider', () => {
  const C = CODE_FORM
  const R = REFRESH_FORM
  const drop = (
    form: Record<string, string>,
    name: string,
  ): Record<string, string | undefined> => ({
    ...form,
    [name]: undefined,
  })

  test.each<[string, Record<string, string | undefined>, number, string]>([
    ['no client_id', drop(C, 'client_id'), 401, 'invalid_client'],
    ['another client', { ...C, client_id: 'other' }, 401, 'invalid_client'],
    ['a secret of a public client', { ...C, client_secret: 'x' }, 401, 'invalid_client'],
    ['no grant_type', drop(C, 'grant_type'), 400, 'invalid_request'],
    [
      'client_credentials',
      { ...C, grant_type: 'client_credentials' },
      400,
      'unsupported_grant_type',
    ],
    ['the password grant', { ...C, grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['no code', drop(C, 'code'), 400, 'invalid_request'],
    ['no code_verifier', drop(C, 'code_verifier'), 400, 'invalid_request'],
    ['an impossible code_verifier', { ...C, code_verifier: 'x' }, 400, 'invalid_grant'],
    ['no redirect_uri', drop(C, 'redirect_uri'), 400, 'invalid_request'],
    ['another resource', { ...C, resource: 'https://other.test/' }, 400, 'invalid_target'],
    ['no refresh_token', drop(R, 'refresh_token'), 400, 'invalid_request'],
    [
      'a refresh for another resource',
      { ...R, resource: 'https://other.test/' },
      400,
      'invalid_target',
    ],
  ])('%s', async (_what, form, status, error) => {
    const endpoint = openEndpoint(given)
    expect(await answerOf(await post(endpoint, '/token', form))).toMatchObject([status, { error }])
    expect(endpoint.sent).toEqual([])
    expect(endpoint.events).toMatchObject([{ type: 'token.refused', client: CLIENT_ID }])
  })

  test('Basic authentication of a public client, and the challenge that RFC 6749 wants', async () => {
    const endpoint = openEndpoint(given)
    const headers = { authorization: `Basic ${btoa(`${CLIENT_ID}:x`)}` }
    const response = await post(endpoint, '/token', CODE_FORM, headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="postern"')
  })

  test('JSON, a repeated parameter, a body over the limit, GET, another host, another path', async () => {
    const endpoint = openEndpoint(given)
    const send = async (init: RequestInit, path = '/token'): Promise<number> =>
      (await endpoint.fetch(new Request(ISSUER + path, init))).status
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await send({ method: 'POST', body: '{}' })).toBe(400)
    const twice = `${new URLSearchParams(CODE_FORM)}&client_id=${CLIENT_ID}`
    expect(await send({ method: 'POST', headers: type, body: twice })).toBe(400)
    expect(await send({ method: 'POST', headers: type, body: 'x'.repeat(65_537) })).toBe(413)
    expect(await send({})).toBe(405)
    expect(await send({ headers: { host: 'evil.test' } })).toBe(403)
    expect(await send({}, '/authorize')).toBe(404)
    expect(endpoint.sent).toEqual([])
  })

  test('a browser app may call it', async () => {
    const headers = { origin: 'https://inspector.test', 'access-control-request-method': 'POST' }
    const response = await openEndpoint(given).fetch(
      new Request(`${ISSUER}/token`, { method: 'OPTIONS', headers }),
    )
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('what is sent to the identity provider', () => {
  test('nothing but the grant', async () => {
    const endpoint = openEndpoint(given)
    const extras = { nonce: 'n', audience: 'https://other.test', scope: 'y' }
    await post(endpoint, '/token', { ...CODE_FORM, ...extras }, { cookie: 'a=b', 'x-real-ip': '1' })
    const [call] = endpoint.sent
    expect(call?.form).toEqual(CODE_FORM)
    expect(call?.init).toMatchObject({ method: 'POST', redirect: 'manual' })
    expect(call?.init.headers).toEqual({ accept: 'application/json' })
  })

  test('resource as configured where it knows the resource', async () => {
    const endpoint = openEndpoint(given, { resourceParameter: 'forward' })
    await post(endpoint, '/token', { ...CODE_FORM, resource: `${MCP_URL}/` })
    await post(endpoint, '/token', REFRESH_FORM)
    expect(endpoint.sent.map(({ form }) => form['resource'])).toEqual([MCP_URL, MCP_URL])
  })
})

describe('what comes back', () => {
  test('only what belongs to the client', async () => {
    const endpoint = openEndpoint(() =>
      Response.json(
        {
          ...GIVEN,
          expires_in: '3600',
          token_type: 'bearer',
          refresh_token: 'r',
          scope: TOOLS,
          id_token: 'i',
          session_state: 's',
        },
        { headers: { 'set-cookie': 'XSRF-TOKEN=x', 'x-amzn-requestid': '1' } },
      ),
    )
    const response = await post(endpoint, '/token', CODE_FORM)
    expect([...response.headers.keys()].toSorted()).toEqual([
      'access-control-allow-origin',
      'cache-control',
      'content-type',
      'x-content-type-options',
    ])
    expect(await response.json()).toEqual({ ...GIVEN, refresh_token: 'r', scope: TOOLS })
  })

  const error = (status: number, body: object | string): (() => Response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return () => new Response(text, { status })
  }

  test.each<[string, () => Response, number, string]>([
    ['invalid_grant', error(400, { error: 'invalid_grant' }), 400, 'invalid_grant'],
    ['invalid_client with 400', error(400, { error: 'invalid_client' }), 401, 'invalid_client'],
    ['invalid_client with 401', error(401, { error: 'invalid_client' }), 401, 'invalid_client'],
    [
      'unauthorized_client for a redirect',
      error(400, { error: 'unauthorized_client', error_description: 'invalid_redirect' }),
      400,
      'invalid_grant',
    ],
    ['invalid_request', error(400, { error: 'invalid_request' }), 400, 'invalid_request'],
    ['invalid_scope', error(400, { error: 'invalid_scope' }), 400, 'invalid_request'],
    [
      'unauthorized_client',
      error(400, { error: 'unauthorized_client' }),
      503,
      'temporarily_unavailable',
    ],
    ['another error', error(400, { error: 'server_error' }), 503, 'temporarily_unavailable'],
    ['a 400 that is no OAuth', error(400, '<html>'), 503, 'temporarily_unavailable'],
    ['429', error(429, { error: 'invalid_grant' }), 503, 'temporarily_unavailable'],
    ['500', error(500, { error: 'invalid_grant' }), 503, 'temporarily_unavailable'],
    ['a redirect', error(302, ''), 503, 'temporarily_unavailable'],
    ['200 that is no JSON', error(200, '<html>'), 503, 'temporarily_unavailable'],
    ['200 without a body', error(200, ''), 503, 'temporarily_unavailable'],
    ['200 without a token', error(200, { token_type: 'Bearer' }), 503, 'temporarily_unavailable'],
    [
      'a token of another type',
      error(200, { ...GIVEN, token_type: 'DPoP' }),
      503,
      'temporarily_unavailable',
    ],
  ])('%s', async (_what, answer, status, code) => {
    const endpoint = openEndpoint(answer)
    for (const form of [CODE_FORM, REFRESH_FORM]) {
      const response = await post(endpoint, '/token', form)
      expect(response.headers.get('retry-after')).toBe(status === 503 ? '5' : null)
      expect(await answerOf(response)).toMatchObject([status, { error: code }])
    }
  })

  test('the identity provider’s own words stay here', async () => {
    const words = 'EVIL <script> text'
    const endpoint = openEndpoint(
      error(400, { error: 'invalid_grant', error_description: words, error_uri: 'https://evil' }),
    )
    const text = await (await post(endpoint, '/token', CODE_FORM)).text()
    expect(text).not.toMatch(/EVIL|evil/)
    expect(JSON.stringify(endpoint.events)).not.toMatch(/EVIL|evil/)
  })

  test('no connection and no answer in time are outages, and the operator hears why', async () => {
    const outages: [string, (signal: AbortSignal) => Promise<Response>][] = [
      ['no connection', () => Promise.reject(new TypeError('fetch failed'))],
      [
        'no answer in time',
        (signal) =>
          new Promise((_answer, reject) => {
            signal.addEventListener('abort', () => reject(new TypeError('aborted')))
          }),
      ],
    ]
    for (const [reason, answer] of outages) {
      const endpoint = openEndpoint(answer)
      const response = await post(endpoint, '/token', REFRESH_FORM)
      expect(await answerOf(response)).toMatchObject([503, { error: 'temporarily_unavailable' }])
      expect(endpoint.events).toContainEqual({
        type: 'identity-provider.unavailable',
        step: 'refresh',
        reason,
      })
    }
  })
})

describe('/revoke', () => {
  test.each<[string, () => Response, number]>([
    ['is 200 where it was revoked', () => new Response(null, { status: 200 }), 200],
    [
      'says what cannot be revoked',
      () => Response.json({ error: 'unsupported_token_type' }, { status: 400 }),
      400,
    ],
    ['is 503 in an outage', () => new Response(null, { status: 502 }), 503],
  ])('%s', async (_what, answer, status) => {
    const endpoint = openEndpoint(answer)
    const form = { client_id: CLIENT_ID, token: 't', token_type_hint: 'refresh_token' }
    const response = await post(endpoint, '/revoke', form)
    expect(response.status).toBe(status)
    expect(endpoint.sent).toMatchObject([
      { url: 'https://idp.test/oauth2/revoke', form: { client_id: CLIENT_ID, token: 't' } },
    ])
  })

  test.each<[string, Record<string, string>, number]>([
    ['no token', { client_id: CLIENT_ID }, 400],
    ['another client', { client_id: 'other', token: 't' }, 401],
    ['no client', { token: 't' }, 401],
  ])('%s does not reach the identity provider', async (_what, form, status) => {
    const endpoint = openEndpoint(given)
    expect((await post(endpoint, '/revoke', form)).status).toBe(status)
    expect(endpoint.sent).toEqual([])
    expect(endpoint.events).toMatchObject([{ type: 'revocation.refused' }])
  })

  test('does not exist where the identity provider has none', async () => {
    const { fetch } = createRelayTokenEndpoint({
      url: MCP_URL,
      identityProvider: { clientId: CLIENT_ID, tokenEndpoint: 'https://idp.test/token' },
    })
    expect((await fetch(new Request(`${ISSUER}/revoke`, { method: 'POST' }))).status).toBe(404)
  })
})

describe('a secret that everybody has', () => {
  const shared = (): Endpoint =>
    openEndpoint(given, { dangerouslyShareClientSecret: true }, { clientSecret: SECRET })

  test.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['in the body', { client_secret: SECRET }, {}, 200],
    ['by Basic', {}, { authorization: `Basic ${btoa(`${CLIENT_ID}:${SECRET}`)}` }, 200],
    ['in no way', {}, {}, 401],
    ['wrongly', { client_secret: `${SECRET}x` }, {}, 401],
    ['empty', {}, { authorization: `Basic ${btoa(`${CLIENT_ID}:`)}` }, 401],
  ])('sent %s', async (_how, form, headers, status) => {
    const endpoint = shared()
    const response = await post(endpoint, '/token', { ...CODE_FORM, ...form }, headers)
    expect([response.status, endpoint.sent.length]).toEqual([status, status === 200 ? 1 : 0])
  })
})

describe('options', () => {
  test('all problems come at once', () => {
    expect(() =>
      createRelayTokenEndpoint({
        url: 'ftp://x',
        identityProvider: {
          clientId: CLIENT_ID,
          tokenEndpoint: 'http://idp.test/token',
          revocationEndpoint: 'nothing',
        },
      }),
    ).toThrow(/^url: .*\nidentityProvider.tokenEndpoint: .*\nidentityProvider.revocationEndpoint: /)
  })

  test('a missing token endpoint is one of them', () => {
    expect(() =>
      createRelayTokenEndpoint({ url: MCP_URL, identityProvider: { clientId: CLIENT_ID } }),
    ).toThrow(/identityProvider\.tokenEndpoint: is missing/)
  })
})
