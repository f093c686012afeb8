import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../support/deployment.ts'

async function run(args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [resolve('bin/postern.js'), 'aws', 'verify', ...args])
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, out, err }
}

describe('postern aws verify', () => {
  test.each([
    ['no URL', [], 'MCP URL'],
    ['two URLs', ['https://a.example/mcp', 'https://b.example/mcp'], 'one MCP URL'],
    ['http', ['http://mcp.example.com/mcp'], 'https URL'],
    ['a URL with a password', ['https://a:b@mcp.example.com/mcp'], 'https URL'],
    ['a URL with a query', ['https://mcp.example.com/mcp?x=1'], 'https URL'],
    ['something else', ['mcp.example.com'], 'https URL'],
    ['a level that is none', ['https://mcp.example.com/mcp', '--level', 'fatal'], 'fatal'],
    ['a misspelt option', ['https://mcp.example.com/mcp', '--jsn'], '--jsn'],
  ] as [string, string[], string][])('%s is exit 2, in one line', async (_, args, named) => {
    const { code, out, err } = await run(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(named)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('--help is an answer', async () => {
    const { code, out } = await run(['--help'])
    expect([code, out.startsWith('Usage: postern aws verify')]).toEqual([0, true])
  })

  test('a deployment that does not answer is exit 1, and --json is one line', async () => {
    const url = `https://127.0.0.1:${await freePort()}/mcp`
    const { code, out, err } = await run([`${url}/`, '--json'])
    expect([code, err]).toEqual([1, ''])
    expect(out.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(out)).toMatchObject({
      mcpUrl: url,
      findings: [
        { code: 'DEPLOYMENT_SILENT', message: 'The deployment gives no answer: ECONNREFUSED' },
      ],
    })
  })
})
