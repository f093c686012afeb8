/** An OpenID provider that signs everybody in at once: what remains of a dance is Postern's work. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { answerParent } from './child.ts'
import { listen } from './listen.ts'

const { privateKey, publicKey } = await generateKeyPair('ES256')
const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' }

const server = createServer((request, response) => {
  void respond(request).then(({ status, headers, body }) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  })
})
const issuer = await listen(server)

interface Answer {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

async function respond(request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', issuer)
  switch (url.pathname) {
    case '/.well-known/openid-configuration':
      return { status: 200, body: metadata }
    case '/jwks':
      return { status: 200, body: { keys: [jwk] } }
    case '/authorize':
      return { status: 302, headers: { location: approve(url.searchParams) } }
    case '/token':
      return { status: 200, body: await issueTokens(await readForm(request)) }
    default:
      return { status: 404 }
  }
}

const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
  code_challenge_methods_supported: ['S256'],
}

/** The code is the nonce, so that nothing has to be remembered. */
function approve(parameters: URLSearchParams): string {
  const back = new URL(parameters.get('redirect_uri') ?? '')
  back.searchParams.set('code', parameters.get('nonce') ?? '')
  back.searchParams.set('state', parameters.get('state') ?? '')
  return back.href
}

async function issueTokens(form: URLSearchParams): Promise<unknown> {
  const idToken = await new SignJWT({ nonce: form.get('code'), email: 'ada@example.com' })
    .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
    .setIssuer(issuer)
    .setAudience('bench')
    .setSubject('ada')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey)
  return {
    token_type: 'Bearer',
    access_token: randomUUID(),
    refresh_token: randomUUID(),
    expires_in: 300,
    id_token: idToken,
  }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

answerParent({ url: issuer })
