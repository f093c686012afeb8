import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const BIN = resolve('bin/postern.js')
const FLOW = '7k3mz9q0ab'
const at = (seconds: number): number => 1_700_000_000_000 + seconds * 1000
const line = (seconds: number, event: Record<string, unknown>): string =>
  `${JSON.stringify({ level: 30, time: at(seconds), flow: FLOW, ...event })}\n`
const SHOWN = line(0, {
  type: 'authorize.shown',
  client: 'c1',
  clientName: 'Test app',
  resource: 'https://mcp.example.com/mcp',
  redirectHost: 'localhost:3334',
})
const GIVEN = line(20, { type: 'consent.given', client: 'c1' })
const FAILED = line(50, { type: 'callback.refused', reason: 'idp_unavailable' })
const ISSUED = line(51, {
  type: 'token.issued',
  grant: 'authorization_code',
  scope: 'mcp',
  subject: 'ada',
})

interface Ran {
  code: number | null
  out: string
  err: string
}

function run(args: string[], ...input: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, 'flow', ...args])
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.on('error', () => {})
  for (const chunk of input) child.stdin.write(chunk)
  child.stdin.end()
  return new Promise((done) => child.once('close', (code) => done({ code, out, err })))
}

describe('postern flow', () => {
  test('tells who, which client, where it stopped, why and what to do', async () => {
    const { code, out, err } = await run([FLOW], SHOWN, GIVEN, FAILED)
    expect([code, err]).toEqual([1, ''])
    expect(out).toBe(`Flow 7k3mz9q0ab  failed

  Client   “Test app”, as it calls itself
  Server   https://mcp.example.com/mcp
  Began    2023-11-14T22:13:20.000Z

      +0 ms  Postern → person  shows the consent page
    +20.0 s  person → identity provider  continues, and signs in  (after 20.0 s)
    +50.0 s  identity provider → Postern  sends the person back, which is refused: idp_unavailable  (after 30.0 s)

  Stopped  the way back from the identity provider was refused
  Reason   idp_unavailable
  Doctor   D20-idp-unreachable (docs/doctor.md)
  Fix      \`identity-provider.unavailable\` in the same log says which step failed and why.
`)
    expect(readFileSync('docs/flow.md', 'utf8')).toContain(out)
  })

  test('exits with 0 for who is signed in, 3 for whom the log does not know', async () => {
    expect((await run([FLOW], SHOWN, GIVEN, ISSUED)).code).toBe(0)
    const { code, out, err } = await run(['0000000000'], SHOWN)
    expect([code, out]).toEqual([3, ''])
    expect(err).toContain('no flow 0000000000')
  })

  test('--json is the story, without an id one a line', async () => {
    const other = SHOWN.replace(FLOW, '0000000000')
    const one = await run([FLOW, '--json'], other, SHOWN, GIVEN, FAILED)
    expect(JSON.parse(one.out)).toMatchObject({ flow: FLOW, outcome: 'failed', tookMs: 50_000 })
    const all = await run(['--json'], other, SHOWN, GIVEN, FAILED)
    expect(
      all.out
        .trimEnd()
        .split('\n')
        .map((text) => (JSON.parse(text) as { flow: string }).flow),
    ).toEqual(['0000000000', FLOW])
  })

  test('without an id lists the sign-ins with their outcome', async () => {
    const { code, out } = await run([], 'nonsense\n', SHOWN, GIVEN, FAILED)
    expect(code).toBe(0)
    expect(out).toBe(
      '7k3mz9q0ab  2023-11-14T22:13:20.000Z  failed     “Test app”, as it calls itself  the way back from the identity provider was refused: idp_unavailable\n',
    )
  })

  test('never prints what a terminal obeys', async () => {
    const hostile = SHOWN.replace('Test app', '\\u001b[2J\\u009bowned\\u202e')
    for (const args of [[FLOW], [], [FLOW, '--json']]) {
      const { out } = await run(args, hostile)
      expect(out).toContain('owned')
      expect(out).not.toMatch(/[\u001B\u009B\u202E]/)
    }
  })

  test('takes lines in pieces, without an end, and lines that never end', async () => {
    const middle = Math.floor(GIVEN.length / 2)
    const endless = Array.from({ length: 64 }, () => 'x{"type"'.repeat(32 * 1024))
    const { code, out } = await run(
      [FLOW],
      SHOWN,
      ...endless,
      '\n',
      GIVEN.slice(0, middle),
      GIVEN.slice(middle),
      ISSUED.trimEnd(),
    )
    expect(code).toBe(0)
    expect(out).toContain('redeems its code for mcp')
  })

  test.each([
    [['UPPERCASE!'], 'is not a flow id'],
    [[FLOW, FLOW], 'one flow id is enough'],
    [['--since', '1h'], '--since'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, err } = await run(args, SHOWN)
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})
