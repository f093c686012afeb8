import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const BIN = resolve('bin/postern.js')
const URL = 'https://mcp.example.com/mcp'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'postern-connect-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

interface Ran {
  code: number
  out: string
  err: string
}

/** As a person's shell would, but without a terminal. */
async function connect(...args: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1' }
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [BIN, 'connect', ...args],
      { env, timeout: 30_000 },
      (_error, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    )
    child.stdin?.end()
  })
}

describe('postern connect', () => {
  test.each([
    ['no URL', []],
    ['two URLs', [URL, URL]],
    ['no URL but a word', ['example']],
    ['a client that nobody knows', [URL, '--client', 'emacs']],
    ['a name that clients do not take', [URL, '--name', '../x']],
    ['an option that nobody knows', [URL, '--force']],
    ['--print and --undo at once', [URL, '--print', '--undo']],
  ])('refuses %s, exit 2', async (_name, args) => {
    const { code, out, err } = await connect(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^postern: .+\(see postern --help\)\n$/)
  })

  test('does not repeat a password', async () => {
    const { code, err } = await connect('https://ada:s3cret@mcp.example.com/mcp')
    expect(code).toBe(2)
    expect(err).not.toContain('s3cret')
  })

  test('changes nothing where nobody can be asked, exit 1', async () => {
    mkdirSync(join(home, '.cursor'))
    writeFileSync(join(home, '.cursor/mcp.json'), '{}')
    const { code, out } = await connect(URL, '--no-check', '--client', 'cursor')
    expect(code).toBe(1)
    expect(out).toContain('--yes')
    expect(readFileSync(join(home, '.cursor/mcp.json'), 'utf8')).toBe('{}')
  })

  test('says in one line of JSON what it did', async () => {
    const { code, out, err } = await connect(
      URL,
      '--no-check',
      '--yes',
      '--json',
      '--client',
      'cursor',
    )
    expect([code, err, out.split('\n').length]).toEqual([0, '', 2])
    expect(JSON.parse(out)).toEqual({
      url: URL,
      name: 'example-com',
      findings: [],
      clients: [
        {
          id: 'cursor',
          files: [{ file: join(home, '.cursor/mcp.json'), outcome: 'written' }],
        },
      ],
    })
  })

  test('ends in time with a server that never ends', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(302, { location: '/elsewhere' })
      const timer = setInterval(() => response.write(' '.repeat(4096)), 5)
      response.once('close', () => clearInterval(timer))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const { code, out, err } = await connect(
      `http://localhost:${port}/mcp`,
      '--yes',
      '--client',
      'cursor',
    )
    server.closeAllConnections()
    server.close()
    expect([code, err]).toEqual([1, ''])
    expect(out).toContain('error: it answers 302')
    expect(out).toContain('Not written')
  })
})
