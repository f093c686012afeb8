import { describe, expect, test } from 'vitest'
import { authorizeUrl, FetchBrowser, pkce, REDIRECT_URI, register } from '../support/dance.ts'
import { createWorld, ISSUER } from '../support/world.ts'

async function post(body: unknown, raw = false): Promise<Response> {
  const world = await createWorld()
  return world.postern.fetch(
    new Request(`${ISSUER}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: raw ? (body as BodyInit) : JSON.stringify(body),
    }),
  )
}

describe('RFC 7591 registration (R9)', () => {
  test('mcp-remote’s own request is answered 201 with a public client', async () => {
    const response = await post({
      redirect_uris: ['http://localhost:41409/oauth/callback'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'MCP CLI Proxy',
      client_uri: 'https://github.com/punkpeye/mcp-remote',
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      software_version: '0.15.1',
      scope: 'mcp',
      application_type: 'native',
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = (await response.json()) as Record<string, unknown>
    expect(body).toMatchObject({
      client_name: 'MCP CLI Proxy',
      redirect_uris: ['http://localhost:41409/oauth/callback'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    })
    expect(body['client_id_issued_at']).toBeTypeOf('number')
    expect(body).not.toHaveProperty('client_secret')
    expect(Object.values(body)).not.toContain(null)
  })

  test('unknown grants and authentication methods are intersected, not refused', async () => {
    const response = await post({
      redirect_uris: [REDIRECT_URI],
      grant_types: [
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      token_endpoint_auth_method: 'client_secret_post',
    })
    expect(await response.json()).toMatchObject({
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    })
  })

  test('VS Code’s mixed array is kept whole, and an unknown URI in it is left out', async () => {
    const known = [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ]
    const response = await post({ redirect_uris: [...known, 'https://unknown.example/cb'] })
    expect(await response.json()).toMatchObject({ redirect_uris: known })
  })

  test('eight loopback redirect URIs fit', async () => {
    const uris = Array.from({ length: 8 }, (_, i) => `http://localhost:${41409 + i}/oauth/callback`)
    expect(await (await post({ redirect_uris: uris })).json()).toMatchObject({
      redirect_uris: uris,
    })
  })

  test.each([
    ['no redirect URI', {}, 'invalid_redirect_uri'],
    ['an empty list', { redirect_uris: [] }, 'invalid_redirect_uri'],
    [
      'a URI that is not allowed',
      { redirect_uris: ['https://evil.example/'] },
      'invalid_redirect_uri',
    ],
    ['javascript:', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['data:', { redirect_uris: ['data:text/html,x'] }, 'invalid_redirect_uri'],
    ['plain http elsewhere', { redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri'],
    ['too many', { redirect_uris: Array(33).fill(REDIRECT_URI) }, 'invalid_redirect_uri'],
    [
      'no usable grant',
      { redirect_uris: [REDIRECT_URI], grant_types: ['client_credentials'] },
      'invalid_client_metadata',
    ],
    [
      'a response type without code',
      { redirect_uris: [REDIRECT_URI], response_types: ['token'] },
      'invalid_client_metadata',
    ],
    [
      'javascript: in client_uri',
      { redirect_uris: [REDIRECT_URI], client_uri: 'javascript:alert(1)' },
      'invalid_client_metadata',
    ],
    [
      'data: in logo_uri',
      { redirect_uris: [REDIRECT_URI], logo_uri: 'data:image/svg+xml,<svg/>' },
      'invalid_client_metadata',
    ],
    [
      'a name that is no string',
      { redirect_uris: [REDIRECT_URI], client_name: 7 },
      'invalid_client_metadata',
    ],
    ['an array', [], 'invalid_client_metadata'],
  ])('refuses %s', async (_, body, error) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error })
  })

  test.each([
    ['malformed JSON', '{"redirect_uris": ['],
    ['an empty body', ''],
    ['invalid UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
  ])('refuses %s', async (_, body) => {
    const response = await post(body, true)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_client_metadata' })
  })

  test('cuts a body over 64 KiB', async () => {
    const response = await post({ redirect_uris: [REDIRECT_URI], x: 'x'.repeat(65 * 1024) })
    expect(response.status).toBe(413)
  })

  test('answers other methods 405 with Allow', async () => {
    const world = await createWorld()
    const response = await world.postern.fetch(new Request(`${ISSUER}/register`))
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })
})

describe('client_id budget', () => {
  const uris = (length: number): string[] => {
    const stem = 'http://localhost:3334/'
    return [stem + 'p'.repeat(900 - stem.length), stem + 'q'.repeat(length - 900 - stem.length)]
  }

  test('over 1 KB the name is dropped, never the redirect URIs', async () => {
    const world = await createWorld()
    const clientId = await register(world.postern, {
      redirect_uris: [uris(1000)[0]],
      client_name: 'A name that does not fit any more'.repeat(2),
    })
    expect(clientId.length).toBeLessThanOrEqual(2048)
    const browser = new FetchBrowser(world)
    const url = authorizeUrl(clientId, pkce().challenge, { redirect_uri: uris(1000)[0] })
    const response = await browser.get(url)
    expect(await response.text()).toContain('The app gave no name')
  })

  test('2,048 bytes are the limit: one below is issued, beyond is refused by name', async () => {
    let largest = 0
    let refused: unknown
    for (let length = 1300; length < 1500; length += 1) {
      const response = await post({ redirect_uris: uris(length) })
      const body = (await response.json()) as { client_id?: string }
      if (body.client_id === undefined) {
        refused = body
        break
      }
      largest = Math.max(largest, body.client_id.length)
    }
    expect(largest).toBeGreaterThan(2040)
    expect(largest).toBeLessThanOrEqual(2048)
    expect(refused).toMatchObject({
      error: 'invalid_redirect_uri',
      error_description: expect.stringContaining('redirect_uris'),
    })
  })
})
