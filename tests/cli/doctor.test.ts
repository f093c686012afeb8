import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Report } from '../../src/doctor/report.ts'
import { agree, BAD_PORTS } from '../doctor/gallery/browser.ts'
import { derive } from '../doctor/gallery/derived-port.ts'
import type { Fault } from '../doctor/gallery/fault.ts'
import { type GalleryServer, startServer } from '../doctor/gallery/server.ts'
import { freePort } from '../support/deployment.ts'

const BIN = resolve('bin/postern.js')
const CANARY = 'canary-that-nobody-may-see'

let folder: string
let server: GalleryServer | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-doctor-'))
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function gallery(fault: Fault = {}): Promise<GalleryServer> {
  const port = await freePort()
  if (BAD_PORTS.has(derive(`http://localhost:${port}/mcp`).port)) return gallery(fault)
  server = await startServer(fault, { port })
  return server
}

interface Ran {
  code: number | null
  out: string
  err: string
}

function doctor(args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, 'doctor', ...args], {
    env: { ...process.env, MCP_REMOTE_CONFIG_DIR: folder, ...env },
  })
  const ran: Ran = { code: null, out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (ran.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (ran.err += chunk.toString()))
  return new Promise((done) => child.once('close', (code) => done({ ...ran, code })))
}

const codes = (out: string): string[] =>
  (JSON.parse(out) as Report).findings.map(({ code }) => code)

describe('postern doctor', () => {
  test.each([
    ['no URL', [], 'needs the MCP URL'],
    ['two URLs', ['https://a/mcp', 'https://b/mcp'], 'one MCP URL'],
    ['no web address', ['ftp://a/mcp'], 'not an http(s) URL'],
    ['credentials in the URL', ['https://ada:secret@a/mcp'], 'without credentials'],
    ['a password in the URL', ['https://:secret@a/mcp'], 'without credentials'],
    ['an unknown client', ['https://a/mcp', '--client', 'netscape'], 'netscape'],
    ['an unknown level', ['https://a/mcp', '--level', 'fatal'], 'fatal'],
    ['an issuer that is none', ['https://a/mcp', '--idp', 'cognito'], 'cognito'],
    ['a misspelt option', ['https://a/mcp', '--jsn'], '--jsn'],
  ] as [string, string[], string][])('%s is exit 2 and named', async (_name, args, named) => {
    const { code, out, err } = await doctor(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(named)
    expect(err).not.toContain('secret')
    expect(err).not.toMatch(/^\s+at /m)
  })

  test('--help fits 80 columns', async () => {
    const { code, out } = await doctor(['--help'])
    expect(code).toBe(0)
    expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
  })

  test('a healthy server is exit 0, and nobody but a terminal sees progress or colour', async () => {
    const { mcpUrl } = await gallery()
    const { code, out, err } = await doctor([mcpUrl])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/; nothing to mend \(1 note\)\.\n$/)
    expect(out).not.toContain('\u001B')
  })

  test('--json is one object on one line, with a verdict for every client', async () => {
    const { mcpUrl } = await gallery({ answers: { 'POST mcp': { status: 502 } } })
    const { code, out, err } = await doctor([mcpUrl, '--json'])
    expect([code, err]).toEqual([1, ''])
    expect(out.trimEnd()).not.toContain('\n')
    const report = JSON.parse(out) as Report
    expect(Object.keys(report)).toEqual(['url', 'clients', 'findings'])
    expect(report.url).toBe(mcpUrl)
    expect(report.clients[0]).toMatchObject({
      client: 'mcp-remote',
      verdict: 'fails',
      step: 'challenge',
      code: 'D05-server-error',
    })
    for (const finding of report.findings)
      expect(Object.keys(finding)).toEqual(['code', 'level', 'where', 'message', 'fix', 'source'])
  })

  test('--level says what counts', async () => {
    const { mcpUrl } = await gallery({
      answers: { 'resource metadata': { headers: { 'content-type': 'text/plain' } } },
    })
    const run = async (...args: string[]): Promise<number | null> =>
      (await doctor([mcpUrl, ...args])).code
    expect(await Promise.all([run(), run('--level', 'error'), run('--level', 'info')])).toEqual([
      1, 0, 1,
    ])
  })

  test.each(['VS Code', 'vscode', 'Visual Studio Code'])('--client takes %j', async (name) => {
    const { mcpUrl } = await gallery()
    const { out } = await doctor([mcpUrl, '--client', name, '--json'])
    expect((JSON.parse(out) as Report).clients.map(({ client }) => client)).toEqual(['vscode'])
    expect(codes(out)).toEqual([])
  })

  test('where nothing answers, a proxy that nobody uses is named, not its password', async () => {
    const port = await freePort()
    const proxy = `http://ada:${CANARY}@127.0.0.1:9`
    const { code, out } = await doctor([`http://localhost:${port}/mcp`, '--json'], {
      HTTPS_PROXY: proxy,
    })
    expect(code).toBe(1)
    expect(codes(out)).toEqual(['D15-unreachable', 'D21-proxy'])
    expect(out).not.toContain(CANARY)
  })
})

describe('postern doctor --login', () => {
  /** Stands for the person's browser: notes the address that it is opened with. */
  function noteAddress(): { env: Record<string, string>; read: () => string | undefined } {
    const [script, note] = [join(folder, 'browser'), join(folder, 'address')]
    writeFileSync(
      script,
      `#!/bin/sh\nprintf '%s' "$1" > "${note}.part"\nmv "${note}.part" "${note}"\n`,
    )
    chmodSync(script, 0o755)
    return {
      env: { BROWSER: script },
      read: () => (existsSync(note) ? readFileSync(note, 'utf8') : undefined),
    }
  }

  async function signIn(mcpUrl: string, ...args: string[]): Promise<Ran> {
    const { env, read } = noteAddress()
    const running = doctor([mcpUrl, '--login', ...args], env)
    await expect.poll(read).toBeDefined()
    await agree(read() ?? '')
    const ran = await running
    expect(ran.err).toContain(read())
    return { ...ran, err: ran.err.replaceAll(read() ?? '', '') }
  }

  const secrets: Fault = {
    answers: {
      register: { json: { client_secret: CANARY, registration_access_token: CANARY } },
      token: { json: { id_token: CANARY }, headers: { 'set-cookie': `session=${CANARY}` } },
    },
  }

  test('opens the browser, tries the tokens, and shows none: not even with --json', async () => {
    const { mcpUrl } = await gallery(secrets)
    const json = await signIn(mcpUrl, '--json')
    const report = JSON.parse(json.out) as Report
    expect(report.login?.join('\n')).toMatch(/opaque[^]*Refresh 2 gave a token/)
    expect([json.code, codes(json.out)]).toEqual([0, ['D15-not-public']])
    rmSync(join(folder, 'address'))
    const text = await signIn(mcpUrl)
    for (const shown of [json.out, json.err, text.out, text.err]) {
      expect(shown).not.toContain(CANARY)
      // The gallery's codes, tokens and client_ids are UUIDs.
      expect(shown).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
    }
  })

  test('a refusal is told without what the server says about the code', async () => {
    const { mcpUrl } = await gallery({
      answers: { token: { status: 400, json: { error: 'x', error_description: CANARY } } },
    })
    const { code, out } = await signIn(mcpUrl)
    expect(code).toBe(1)
    expect(out).toContain('D13-code-refused')
    expect(out).not.toContain(CANARY)
  })
})

test('a key in the query of the MCP URL is not shown', async () => {
  const { mcpUrl } = await gallery()
  const { out } = await doctor([`${mcpUrl}?key=${CANARY}`, '--json'])
  expect((JSON.parse(out) as Report).url).toBe(`${mcpUrl}?…`)
  expect(out).not.toContain(CANARY)
})

describe('postern doctor --local', () => {
  test('looks into every folder of mcp-remote, and shows no client and no token of it', async () => {
    const { mcpUrl } = await gallery()
    const { hash, port } = derive(mcpUrl)
    for (const version of ['mcp-remote-v1', 'mcp-remote-0.1.37']) {
      mkdirSync(join(folder, version))
      writeFileSync(
        join(folder, version, `${hash}_client_info.json`),
        JSON.stringify({
          client_id: CANARY,
          client_secret: CANARY,
          redirect_uris: [`http://localhost:${port}/oauth/callback`],
        }),
      )
    }
    writeFileSync(
      join(folder, 'mcp-remote-v1', `${hash}_tokens.json`),
      JSON.stringify({ access_token: CANARY, refresh_token: CANARY }),
    )
    const { code, out } = await doctor([mcpUrl, '--local'])
    expect(code).toBe(1)
    expect(out).toContain('D21-registration-stale')
    expect(out).toContain('D21-registration-dead')
    for (const version of ['mcp-remote-v1', 'mcp-remote-0.1.37'])
      expect(out).toContain(join(folder, version, `${hash}_client_info.json`))
    expect(out).not.toContain(CANARY)
  })
})
