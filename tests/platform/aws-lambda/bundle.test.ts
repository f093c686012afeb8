import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { crc32, gzipSync, inflateRawSync } from 'node:zlib'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BundleError,
  bundlePostern,
  bundleServer,
  zipFolder,
} from '../../../src/platform/aws-lambda/bundle.ts'
import { run as bundleCommand } from '../../../src/cli/aws-bundle.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { callMcp, obtainTokens } from '../../support/dance.ts'
import { createWorld, ISSUER } from '../../support/world.ts'
import { httpEvent, SECRET_ARN, VARIABLES } from './lambda-world.ts'

const run = promisify(execFile)
const KB = 1024
/** In KB. A bundle that grows past these has taken in something by accident. */
const BUDGETS = { oauth: { minified: 234, gzip: 78 }, gate: { minified: 75, gzip: 27 } }

let folder: string
const own = () => join(folder, 'postern')
const notes = () => join(folder, 'notes')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-bundle-'))
  await bundlePostern(own())
  await bundleServer('examples/notes/server.ts', notes(), ['notes'])
  await bundleServer('bench/lambda-gate.ts', join(folder, 'gate'))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Invokes a bundle as Lambda would: in a process of its own, with an environment and an event. */
async function invoke(file: string, variables: object, ...events: unknown[]): Promise<unknown[]> {
  const script = `
    const { handler } = await import(process.argv[1])
    const results = []
    for (const event of JSON.parse(process.argv[2]))
      results.push(await handler(event, {}).catch((error) => ({ thrown: error.message })))
    process.stdout.write('\\n' + JSON.stringify(results))
  `
  const args = ['--input-type=module', '--eval', script, pathToFileURL(file).href]
  const { stdout } = await run(process.execPath, [...args, JSON.stringify(events)], {
    cwd: tmpdir(),
    env: { ...VARIABLES, ...variables },
  })
  return JSON.parse(stdout.split('\n').at(-1) ?? '') as unknown[]
}

async function publicKeys(): Promise<string> {
  const { postern } = await createWorld()
  return (await postern.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))).text()
}

describe('Postern’s own bundles', () => {
  test('are one file for each function, named as its handler is', () => {
    const files = readdirSync(own()).sort()
    expect(files).toEqual(
      ['authorizer', 'facade', 'keyWatch', 'keys', 'oauth', 'token'].map((name) => `${name}.mjs`),
    )
  })

  test.each([
    ['the OAuth function', 'postern/oauth.mjs', BUDGETS.oauth],
    ['the gate without an MCP server', 'gate/index.mjs', BUDGETS.gate],
  ])('%s stays within its budget', (_, file, budget) => {
    const bytes = readFileSync(join(folder, file))
    expect(bytes.length / KB).toBeLessThanOrEqual(budget.minified)
    expect(gzipSync(bytes).length / KB).toBeLessThanOrEqual(budget.gzip)
  })

  test.each(['authorizer', 'facade', 'keyWatch', 'keys', 'oauth', 'token'])(
    '%s takes in nothing that it does not run',
    (name) => {
      const source = readFileSync(join(own(), `${name}.mjs`), 'utf8')
      const imports = [...source.matchAll(/\bfrom"([^"]+)"/g)].map(([, from]) => from)
      expect(imports.filter((from) => !from!.startsWith('node:'))).toEqual([])
      expect(source).not.toMatch(/aws-sdk|@smithy|\bpino\b|sourceMappingURL/)
      // What only doctor and connect know of clients.
      expect(source).not.toContain('derives its callback port')
    },
  )

  test('say at once what is missing in the environment, and stop', async () => {
    for (const name of ['authorizer', 'facade', 'keyWatch', 'keys', 'oauth', 'token'])
      await expect(invoke(join(own(), `${name}.mjs`), { POSTERN_MCP_URL: '' }, {})).rejects.toThrow(
        /POSTERN_\w+: is missing/,
      )
  })

  test('authorizer admits, refuses and throws as from source', async () => {
    const world = await createWorld()
    const { access_token: token } = await obtainTokens(world)
    const ask = (authorization: string, proof = {}) =>
      httpEvent({ method: 'POST', headers: { authorization, ...proof } })
    const variables = { POSTERN_SCOPES: 'mcp', POSTERN_JWKS: await publicKeys() }
    const results = await invoke(
      join(own(), 'authorizer.mjs'),
      variables,
      ask(`Bearer ${token}`),
      ask('Bearer x'),
      ask(`Bearer ${token}`, { 'x-origin-verify': 'guess' }),
    )
    expect(results).toMatchObject([
      { isAuthorized: true, context: { scope: 'mcp' } },
      { thrown: 'Unauthorized' },
      { isAuthorized: false },
    ])
  })

  test('oauth answers 503 while nothing is in reach, and 400 to a malformed event', async () => {
    const results = await invoke(
      join(own(), 'oauth.mjs'),
      {
        POSTERN_SCOPES: 'mcp',
        POSTERN_ACCESS: 'anyoneTheIdpAdmits',
        POSTERN_IDP_ISSUER: 'https://idp.example.test',
        POSTERN_IDP_CLIENT_ID: 'x',
        POSTERN_SECRET_ARN: SECRET_ARN,
        AWS_REGION: 'nowhere.invalid',
      },
      httpEvent({ path: '/.well-known/jwks.json' }),
      {},
    )
    expect(results).toMatchObject([{ statusCode: 503 }, { statusCode: 400 }])
  })

  test('keys names the fault of its input, and keyWatch that of its source', async () => {
    const arn = { POSTERN_SECRET_ARN: SECRET_ARN, AWS_REGION: 'nowhere.invalid' }
    expect(await invoke(join(own(), 'keys.mjs'), arn, { mode: 'x' })).toEqual([
      { thrown: 'wrong input: mode, issuer, rotation' },
    ])
    const watch = { ...arn, POSTERN_MODE: 'broker', POSTERN_REDEPLOY_COMMAND: 'x' }
    expect(
      await invoke(join(own(), 'keyWatch.mjs'), { ...watch, POSTERN_JWKS: await publicKeys() }, {}),
    ).toEqual([{ thrown: 'GetSecretValue failed: no answer' }])
  })
})

describe('the notes server, bundled', () => {
  const message = (id: number, name: string, args = {}) =>
    JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } })

  test('serves its notes and the caller’s identity, cold and warm', async () => {
    const world = await createWorld()
    const { access_token: token } = await obtainTokens(world)
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    const calls = [
      message(1, 'list_notes'),
      message(2, 'read_note', { name: 'release-checklist' }),
      message(3, 'read_note', { name: '../server' }),
      message(4, 'search_notes', { query: 'BADGE' }),
      message(5, 'whoami'),
    ]
    const results = (await invoke(
      join(notes(), 'index.mjs'),
      { POSTERN_MODE: 'broker', POSTERN_SCOPES: 'mcp', POSTERN_JWKS: await publicKeys() },
      ...calls.map((body) => httpEvent({ method: 'POST', body, headers })),
      httpEvent({ method: 'GET', headers }),
      httpEvent({ method: 'POST', body: calls[0]! }),
    )) as { statusCode: number; body: string }[]
    const texts = results.slice(0, 5).map(({ body }) => body)
    expect(results.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 405, 401])
    expect(texts[0]).toContain('incident-contacts\\nonboarding\\nrelease-checklist')
    expect(texts[1]).toContain('The pipeline is green')
    expect(texts[2]).toContain('There is no note')
    expect(JSON.parse(texts[3]!)).toMatchObject({ result: { content: [{ text: 'onboarding' }] } })
    expect(texts[4]).toMatch(/\\"subject\\":\\"[0-9a-f-]{36}\\"/)
    expect((await callMcp(world.postern, token)).status).toBe(200)
  })
})

describe('a zip', () => {
  test('holds every file of the folder, and its bytes depend on nothing else', () => {
    const [first, second] = [join(folder, 'a.zip'), join(folder, 'b.zip')]
    zipFolder(notes(), first)
    utimesSync(join(notes(), 'index.mjs'), 1, 1)
    zipFolder(notes(), second)
    expect(readFileSync(second)).toEqual(readFileSync(first))
    const contents = unzipSync(readFileSync(first))
    expect(Object.keys(contents)).toEqual([
      'index.mjs',
      'notes/incident-contacts.md',
      'notes/onboarding.md',
      'notes/release-checklist.md',
    ])
    expect(Buffer.from(contents['notes/onboarding.md']!).toString()).toBe(
      readFileSync('examples/notes/notes/onboarding.md', 'utf8'),
    )
  })

  // Not with the library that wrote it: AWS has a reader of its own.
  test('is sound by the format’s own directory', () => {
    const file = join(folder, 'c.zip')
    zipFolder(own(), file)
    const zip = readFileSync(file)
    const end = zip.lastIndexOf('PK\u0005\u0006', undefined, 'latin1')
    const names: string[] = []
    for (let at = zip.readUInt32LE(end + 16); at < end;) {
      const local = zip.readUInt32LE(at + 42)
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      const content = inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)))
      expect(crc32(content)).toBe(zip.readUInt32LE(at + 16))
      const length = zip.readUInt16LE(at + 28)
      names.push(zip.toString('utf8', at + 46, at + 46 + length))
      at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
    }
    expect(names).toEqual(readdirSync(own()).sort())
    expect(zip.readUInt16LE(end + 10)).toBe(names.length)
  })
})

describe('postern aws bundle', () => {
  test('writes what CDK and Terraform take', async () => {
    const out = join(folder, 'out')
    await bundleCommand(['examples/notes/server.ts', '--include', 'notes', '--out', out])
    expect(readdirSync(out).sort()).toEqual(['postern', 'postern.zip', 'server', 'server.zip'])
    expect(readdirSync(join(out, 'server')).sort()).toEqual(['index.mjs', 'notes'])
    const postern = unzipSync(readFileSync(join(out, 'postern.zip')))
    expect(Object.keys(postern)).toContain('keyWatch.mjs')
  }, 60_000)

  test.each<[string, string[]]>([
    ['no file', ['--out', 'x']],
    ['two files', ['a.ts', 'b.ts', '--out', 'x']],
    ['no folder', ['examples/notes/server.ts']],
    ['a file that is not there', ['examples/notes/no.ts', '--out', 'x']],
    [
      'something to include that is not there',
      ['examples/notes/server.ts', '--out', 'x', '--include', 'no'],
    ],
    ['a mistyped option', ['examples/notes/server.ts', '--ouput', 'x']],
  ])('refuses %s in one line', async (_, args) => {
    const failure = await bundleCommand(args).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UsageError)
    expect(String(failure)).not.toContain('\n')
  })

  test('shows where a server does not compile', async () => {
    const broken = join(folder, 'broken.ts')
    writeFileSync(broken, 'export const handler = (')
    const failure = await bundleServer(broken, join(folder, 'broken')).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(BundleError)
    expect(String(failure)).toContain('broken.ts:1')
  })
})
