/**
 * What Postern's functions cost on Lambda: size, import and first invocation over an empty handler
 * of the same run, warm invocations of the gate, memory. Writes bench/lambda.json. Wall-clock
 * figures compare processes of one machine in one run; they are no promise of Lambda's own.
 */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { signAccessToken } from '../src/crypto/access-token.ts'
import { deriveSigningKey } from '../src/crypto/signing.ts'
import { bundlePostern, bundleServer } from '../src/platform/aws-lambda/bundle.ts'
import type { Run } from './lambda-child.ts'

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' } } })
const ROUNDS = flags.quick === true ? 3 : 15
const WARM = flags.quick === true ? 200 : 3000

const MCP_URL = 'https://mcp.example.com/mcp'
const ISSUER = new URL(MCP_URL).origin
const ORIGIN_SECRET = randomBytes(32).toString('base64url')

interface Contender {
  name: string
  file: string
  event: object
  variables: Record<string, string>
}

async function contenders(folder: string): Promise<Contender[]> {
  await bundlePostern(join(folder, 'postern'))
  await bundleServer('bench/lambda-gate.ts', join(folder, 'gate'))
  await bundleServer('examples/notes/server.ts', join(folder, 'notes'), ['notes'])
  writeFileSync(join(folder, 'empty.mjs'), 'export const handler=async()=>({statusCode:200})')

  const key = await deriveSigningKey(Uint8Array.from(randomBytes(32)), 'sign', ISSUER)
  const now = Math.floor(Date.now() / 1000)
  const token = await signAccessToken(key, {
    iss: ISSUER,
    aud: MCP_URL,
    sub: 'ada',
    client_id: 'client',
    scope: 'mcp',
    idp: 'https://idp.example.com',
    iat: now,
    exp: now + 3600,
    jti: 'jti',
  })
  const variables = {
    POSTERN_MCP_URL: MCP_URL,
    POSTERN_PUBLIC_HOST: new URL(MCP_URL).host,
    POSTERN_ORIGIN_SECRET_SHA256: createHash('sha256').update(ORIGIN_SECRET).digest('base64url'),
    POSTERN_SCOPES: 'mcp',
    POSTERN_ACCESS: 'anyoneTheIdpAdmits',
    POSTERN_IDP_ISSUER: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example',
    POSTERN_IDP_CLIENT_ID: 'client',
    POSTERN_IDP_DOMAIN: 'https://example.auth.eu-central-1.amazoncognito.com',
    POSTERN_REDIRECT_URIS: 'http://localhost:3334/oauth/callback',
    POSTERN_JWKS: JSON.stringify({ keys: [key.publicJwk] }),
    POSTERN_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:postern',
    POSTERN_MODE: 'broker',
    POSTERN_REDEPLOY_COMMAND: 'npx cdk deploy',
    // No port answers here: whoever asks AWS is refused at once.
    AWS_REGION: 'localhost:9',
  }
  const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
  const call = httpEvent('POST', '/mcp', token, list)
  const own = (name: string, event: object): Contender => ({
    name,
    file: join(folder, 'postern', `${name}.mjs`),
    event,
    variables,
  })
  return [
    { name: 'empty', file: join(folder, 'empty.mjs'), event: {}, variables: {} },
    { name: 'gate', file: join(folder, 'gate', 'index.mjs'), event: call, variables },
    { name: 'notes server', file: join(folder, 'notes', 'index.mjs'), event: call, variables },
    own('authorizer', call),
    own('oauth', httpEvent('GET', '/.well-known/oauth-authorization-server')),
    own('facade', httpEvent('GET', '/.well-known/oauth-authorization-server')),
    own('token', httpEvent('GET', '/token')),
    own('keys', {}),
    own('keyWatch', {}),
  ]
}

function httpEvent(method: string, path: string, token?: string, body?: string): object {
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: {
      'x-origin-verify': ORIGIN_SECRET,
      'x-mcp-public-host': new URL(MCP_URL).host,
      'x-forwarded-for': '198.51.100.7, 203.0.113.9',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    requestContext: { requestId: 'id', stage: '$default', http: { method, path } },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
  }
}

async function measure(contender: Contender, warm: number): Promise<Run> {
  const child = join(import.meta.dirname, 'lambda-child.ts')
  const args = [child, contender.file, JSON.stringify(contender.event), String(warm)]
  const { stderr } = await promisify(execFile)(process.execPath, args, {
    env: contender.variables,
    maxBuffer: 64 * 1024 * 1024,
  })
  return JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as Run
}

function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)] ?? NaN
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

async function main(folder: string): Promise<void> {
  const all = await contenders(folder)
  const runs = new Map<string, Run[]>(all.map(({ name }) => [name, []]))
  // One round after the other, so that a slow moment of the machine meets everybody.
  for (let turn = 0; turn < ROUNDS; turn += 1)
    for (const contender of all) runs.get(contender.name)?.push(await measure(contender, 0))

  const median = (name: string, of: (run: Run) => number): number =>
    quantile((runs.get(name) ?? []).map(of), 0.5)
  const over = (name: string, of: (run: Run) => number): number =>
    round(median(name, of) - median('empty', of))
  const table = Object.fromEntries(
    all.map(({ name, file }) => {
      const bytes = readFileSync(file)
      const row = {
        'min KB': round(bytes.length / 1024),
        'gzip KB': round(gzipSync(bytes).length / 1024),
        'import ms over empty': over(name, ({ importMs }) => importMs),
        'import CPU ms over empty': over(name, ({ importCpuMs }) => importCpuMs),
        'first invocation ms over empty': over(name, ({ firstMs }) => firstMs),
        'RSS MiB over empty': over(name, ({ rssMiB }) => rssMiB),
      }
      return [name, row]
    }),
  )

  const warm: Record<string, Record<string, number>> = {}
  for (const name of ['empty', 'gate', 'notes server']) {
    const contender = all.find((candidate) => candidate.name === name)
    if (contender === undefined) throw new Error(`no contender ${name}`)
    const { warmMs } = await measure(contender, WARM)
    // The first tenth warms up.
    const steady = warmMs.slice(Math.ceil(warmMs.length / 10))
    warm[name] = { 'p50 ms': round(quantile(steady, 0.5)), 'p99 ms': round(quantile(steady, 0.99)) }
  }

  console.log(`${ROUNDS} interleaved rounds of fresh processes, medians; ${WARM} warm invocations`)
  console.table(table)
  console.table(warm)
  const results = { node: process.version, rounds: ROUNDS, functions: table, warm }
  writeFileSync(new URL('./lambda.json', import.meta.url), JSON.stringify(results, null, 2) + '\n')
}

const folder = mkdtempSync(join(tmpdir(), 'postern-bench-lambda-'))
try {
  await main(folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
