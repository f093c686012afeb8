import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { callbackUrls } from '../../src/aws/callback-urls.ts'

const BIN = resolve('bin/postern.js')
const MCP_URL = 'https://mcp.example.com/mcp'

function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [BIN, 'callback-urls', ...args])
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return new Promise((done) => child.once('close', (code) => done({ code, out, err })))
}

describe('postern callback-urls', () => {
  test('prints a heading and one URL a line', async () => {
    const { code, out, err } = await run(MCP_URL)
    const [heading, ...lines] = out.trimEnd().split('\n')
    expect([code, err]).toEqual([0, ''])
    expect(heading).toMatch(/^# 34 callback URLs for Claude .*; mcp-remote, port 41409$/)
    expect(lines).toEqual(callbackUrls({ url: MCP_URL }))
  })

  test('--json says which clients the URLs serve, and which none can', async () => {
    const { code, out } = await run(MCP_URL, '--header', 'X-Tenant: a', '--json')
    const found = JSON.parse(out) as {
      urls: string[]
      clients: { client: string; urls: string[] }[]
      notServed: string[]
    }
    expect(code).toBe(0)
    expect(found.urls).toContain('http://localhost:18812/oauth/callback')
    expect(found.clients.map(({ client }) => client)).toContain('mcp-remote')
    expect(found.notServed.join()).toContain('Claude Code')
  })

  test('--terraform is a list in HCL', async () => {
    const { code, out } = await run(MCP_URL, '9696', '--terraform', '--callback-path', '/${x}')
    expect(code).toBe(0)
    expect(out).toBe(
      [
        '[',
        '  "https://claude.ai/api/mcp/auth_callback",',
        '  "https://claude.com/api/mcp/auth_callback",',
        '  "http://localhost:9696/$${x}",',
        '  "http://127.0.0.1:9696/$${x}",',
        ']\n',
      ].join('\n'),
    )
  })

  test('takes a whole line from a client’s configuration', async () => {
    const { out } = await run('npx', '-y', 'mcp-remote@latest', MCP_URL)
    expect(out).toBe((await run(MCP_URL)).out)
  })

  test('warnings go to stderr, so that the list can be piped', async () => {
    const { code, out, err } = await run(MCP_URL, '6000')
    expect([code, out.includes('Chromium')]).toEqual([0, false])
    expect(err).toContain('Chromium')
  })

  test.each([
    ['no URL', []],
    ['an option that mcp-remote does not have', [MCP_URL, '--resorce', MCP_URL]],
    ['two outputs', [MCP_URL, '--json', '--terraform']],
  ])('%s is one line and exit 2', async (_, args) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^postern: [^\n]+ \(see postern --help\)\n$/)
  })
})
