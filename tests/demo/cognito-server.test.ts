import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import * as oauth from 'oauth4webapi'
import { afterEach, describe, expect, test } from 'vitest'
import { startCognitoTwin, type CognitoTwinServer } from '../../src/demo/cognito-twin/server.ts'
import { createCognitoTwin } from '../../src/demo/cognito-twin/twin.ts'
import { ADA, Browser, CALLBACK, CONFIDENTIAL, locationOf, PUBLIC, SECRET } from './twin-support.ts'

const OPTIONS = {
  clients: [
    { clientId: PUBLIC, callbackUrls: [CALLBACK], scopes: ['openid', 'email'] },
    {
      clientId: CONFIDENTIAL,
      clientSecret: SECRET,
      callbackUrls: [CALLBACK],
      scopes: ['openid', 'email'],
    },
  ],
  users: [{ ...ADA, email: 'ada@example.com', emailVerified: true }],
}

let twin: CognitoTwinServer | undefined
afterEach(async () => {
  await twin?.close()
  twin = undefined
})

describe('the twin as a server', () => {
  test.each<[string, oauth.Client, oauth.ClientAuth]>([
    ['public client', { client_id: PUBLIC }, oauth.None()],
    ['client_secret_basic', { client_id: CONFIDENTIAL }, oauth.ClientSecretBasic(SECRET)],
    ['client_secret_post', { client_id: CONFIDENTIAL }, oauth.ClientSecretPost(SECRET)],
  ])('satisfies a strict client from discovery to revocation: %s', async (_name, client, auth) => {
    twin = await startCognitoTwin({ ...OPTIONS, refreshTokenRotation: true })
    const insecure = { [oauth.allowInsecureRequests]: true }
    const issuer = new URL(twin.issuer)
    const as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, insecure),
    )
    const [verifier, state, nonce] = [
      oauth.generateRandomCodeVerifier(),
      oauth.generateRandomState(),
      oauth.generateRandomNonce(),
    ]
    const authorizeUrl = new URL(as.authorization_endpoint ?? '')
    authorizeUrl.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: CALLBACK,
      scope: 'openid email',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString()
    const signedIn = await new Browser(fetch).submitLogin(authorizeUrl, ADA)
    const callback = oauth.validateAuthResponse(as, client, new URL(locationOf(signedIn)), state)
    const codeResponse = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      auth,
      callback,
      CALLBACK,
      verifier,
      insecure,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, codeResponse, {
      expectedNonce: nonce,
      requireIdToken: true,
    })
    await oauth.validateApplicationLevelSignature(as, codeResponse, insecure)
    const sub = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? ''
    const info = await oauth.processUserInfoResponse(
      as,
      client,
      sub,
      await oauth.userInfoRequest(as, client, tokens.access_token, insecure),
    )
    expect(info.email).toBe('ada@example.com')

    const refreshed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token ?? '', insecure),
    )
    expect(oauth.getValidatedIdTokenClaims(refreshed)?.sub).toBe(sub)
    const last = refreshed.refresh_token ?? ''
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, last, insecure),
    )
    await expect(
      oauth.processRefreshTokenResponse(
        as,
        client,
        await oauth.refreshTokenGrantRequest(as, client, auth, last, insecure),
      ),
    ).rejects.toMatchObject({ error: 'invalid_grant', status: 400 })
  })

  test('listens on loopback under the name localhost', async () => {
    twin = await startCognitoTwin(OPTIONS)
    expect(twin.origin).toMatch(/^http:\/\/localhost:\d+$/)
    expect(twin.issuer).toBe(`${twin.origin}/us-east-1_Demo`)
  })

  test('rejects a busy port with EADDRINUSE', async () => {
    const occupant = createServer().listen(0, '127.0.0.1')
    await once(occupant, 'listening')
    const { port } = occupant.address() as AddressInfo
    await expect(startCognitoTwin({ ...OPTIONS, port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    occupant.close()
  })

  test('lets a test answer in its place', async () => {
    twin = await startCognitoTwin(OPTIONS)
    twin.intercept = (request) =>
      request.url.endsWith('/oauth2/token')
        ? new Response('<h1>503</h1>', { status: 503 })
        : undefined
    expect((await fetch(`${twin.origin}/oauth2/token`, { method: 'POST' })).status).toBe(503)
    expect((await fetch(`${twin.issuer}/.well-known/jwks.json`)).status).toBe(200)
  })

  test('close frees the port', async () => {
    const first = await startCognitoTwin(OPTIONS)
    await first.close()
    await first.close()
    twin = await startCognitoTwin({ ...OPTIONS, port: Number(new URL(first.origin).port) })
    expect(twin.origin).toBe(first.origin)
  })
})

describe('the twin refuses', () => {
  test('to run in production', async () => {
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      await expect(startCognitoTwin(OPTIONS)).rejects.toThrow('NODE_ENV=production')
      await expect(createCognitoTwin({ ...OPTIONS, origin: 'http://localhost:1' })).rejects.toThrow(
        'NODE_ENV=production',
      )
    } finally {
      process.env['NODE_ENV'] = before
    }
  })

  const client = { clientId: 'c', callbackUrls: [CALLBACK], scopes: ['openid'] }
  test.each([
    ['http callback off loopback', { callbackUrls: ['http://example.com/cb'] }],
    ['callback with a fragment', { callbackUrls: [`${CALLBACK}#x`] }],
    ['relative callback', { callbackUrls: ['/cb'] }],
    ['101 callbacks', { callbackUrls: Array.from({ length: 101 }, (_, n) => `${CALLBACK}${n}`) }],
    ['scope without resource server', { scopes: ['mcp'] }],
    ['client id Cognito would not give', { clientId: 'demo-client' }],
  ])('%s', async (_name, change) => {
    const options = { ...OPTIONS, clients: [{ ...client, ...change }] }
    await expect(startCognitoTwin(options)).rejects.toThrow(TypeError)
  })

  test('a grace period above 60 s', async () => {
    await expect(startCognitoTwin({ ...OPTIONS, retryGracePeriodSeconds: 61 })).rejects.toThrow(
      'retryGracePeriodSeconds',
    )
  })
})
