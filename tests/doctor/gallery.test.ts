import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readLocalState } from '../../src/cli/doctor-local.ts'
import { newConfigFolder } from '../support/mcp-remote.ts'
import { BAD_PORTS } from './gallery/browser.ts'
import { derive, findPortLeadingTo, occupy } from './gallery/derived-port.ts'
import { graveCodes, look, verdictFor } from './gallery/examine.ts'
import { EXHIBITS } from './gallery/faults.ts'
import { drawPairs } from './gallery/pairs.ts'
import { runMcpRemote, type Run } from './gallery/mcp-remote-run.ts'
import { startServer } from './gallery/server.ts'
import { STALE_CLIENTS } from './gallery/stale-clients.ts'

const table: string[][] = []

afterAll(() => {
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)))
  const lines = table.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
  process.stdout.write(`\n${lines.toSorted().join('\n')}\n`)
})

function note(name: string, verdict: { verdict: string; code?: string }, run: Run): void {
  const doctor = [verdict.verdict, verdict.code].filter(Boolean).join(' ')
  table.push([name, `doctor: ${doctor}`, `mcp-remote: ${run.outcome} (${run.how})`])
}

function expectAgreement({ verdict }: { verdict: 'connects' | 'fails' }, run: Run): void {
  const isSame = (verdict === 'connects') === (run.outcome === 'connected')
  expect(isSame ? '' : `${verdict}, but ${run.outcome}:\n${run.stderr}`).toBe('')
}

describe.concurrent(
  'every fault is named, and nothing else; mcp-remote does as doctor says',
  () => {
    test.each(EXHIBITS)(
      '$code: $name',
      async ({ name, fault, code, blocks, addresses, deadlineSeconds, login }) => {
        const server = await startServer(fault)
        try {
          const report = await look(server.mcpUrl, { addresses, login })
          const run = await runMcpRemote(server.mcpUrl, { deadlineSeconds })
          const verdict = verdictFor(report)
          note(`${code} ${name}`, verdict, run)
          expect(graveCodes(report)).toEqual([code])
          expectAgreement(verdict, run)
          expect(run.outcome).toBe(blocks === true ? 'failed' : 'connected')
        } finally {
          await server.close()
        }
      },
      60_000,
    )
  },
)

describe.concurrent('of two faults, doctor names the one that blocks first', () => {
  test.each(drawPairs(20, 20_261_125))(
    '$name',
    async ({ name, fault, first }) => {
      const server = await startServer(fault)
      try {
        const report = await look(server.mcpUrl)
        const run = await runMcpRemote(server.mcpUrl)
        note(`pair ${name.split(':', 1)[0]}`, verdictFor(report), run)
        expect(verdictFor(report)).toMatchObject({ verdict: 'fails', code: first.code })
        expect(run.outcome).toBe('failed')
      } finally {
        await server.close()
      }
    },
    60_000,
  )
})

describe.concurrent('a client that the server has forgotten', () => {
  test.each(STALE_CLIENTS)(
    '$name',
    async ({ name, fault, hasTokens, codes }) => {
      const server = await startServer()
      const folder = newConfigFolder()
      try {
        expectAgreement({ verdict: 'connects' }, await runMcpRemote(server.mcpUrl, { folder }))
        server.forget()
        server.become(fault)
        const { hash } = derive(server.mcpUrl)
        if (!hasTokens) rmSync(join(folder, 'mcp-remote-v1', `${hash}_tokens.json`))
        const local = await readLocalState(
          { MCP_REMOTE_CONFIG_DIR: folder },
          { hashes: [hash], port: 24_999 },
        )
        const report = await look(server.mcpUrl, { local })
        const run = await runMcpRemote(server.mcpUrl, { folder, deadlineSeconds: 8 })
        note(`stale client: ${name}`, verdictFor(report), run)
        expect(graveCodes(report).toSorted()).toEqual(codes.toSorted())
        expectAgreement(verdictFor(report), run)
      } finally {
        await server.close()
        rmSync(folder, { recursive: true, force: true })
      }
    },
    60_000,
  )
})

describe('what lies on this machine', () => {
  test('D21-port-unsafe: a URL that leads to a port that browsers refuse', async () => {
    const server = await startServer({}, await findPortLeadingTo(BAD_PORTS))
    const report = await look(server.mcpUrl, { mcpRemotePort: derive(server.mcpUrl).port })
    const run = await runMcpRemote(server.mcpUrl)
    await server.close()
    note('D21-port-unsafe', verdictFor(report), run)
    expect(graveCodes(report)).toEqual(['D21-port-unsafe'])
    expectAgreement(verdictFor(report), run)
    expect(run.outcome).toBe('failed')
  })

  test('D21-port-taken: a program that listens where mcp-remote wants to', async () => {
    const server = await startServer()
    const { hash, port } = derive(server.mcpUrl)
    const leave = await occupy(port)
    const folder = newConfigFolder()
    const local = await readLocalState({ MCP_REMOTE_CONFIG_DIR: folder }, { hashes: [hash], port })
    const report = await look(server.mcpUrl, { local, mcpRemotePort: port })
    const run = await runMcpRemote(server.mcpUrl)
    await Promise.all([leave(), server.close()])
    note('D21-port-taken', verdictFor(report), run)
    expect(graveCodes(report)).toEqual(['D21-port-taken'])
    expectAgreement(verdictFor(report), run)
  })

  test('D21-cache-unreadable: half a file', async () => {
    const server = await startServer()
    const { hash } = derive(server.mcpUrl)
    const folder = newConfigFolder()
    mkdirSync(join(folder, 'mcp-remote-v1'))
    writeFileSync(join(folder, 'mcp-remote-v1', `${hash}_client_info.json`), '{"client_id": "a')
    const local = await readLocalState(
      { MCP_REMOTE_CONFIG_DIR: folder },
      { hashes: [hash], port: 24_998 },
    )
    const report = await look(server.mcpUrl, { local })
    const run = await runMcpRemote(server.mcpUrl, { folder })
    await server.close()
    rmSync(folder, { recursive: true })
    note('D21-cache-unreadable', verdictFor(report), run)
    expect(graveCodes(report)).toEqual(['D21-cache-unreadable'])
    expectAgreement(verdictFor(report), run)
  })
})

test('nothing is found where nothing is wrong', async () => {
  const server = await startServer()
  const report = await look(server.mcpUrl, { login: true })
  const run = await runMcpRemote(server.mcpUrl)
  await server.close()
  note('a healthy server', verdictFor(report), run)
  expect(graveCodes(report)).toEqual([])
  expectAgreement({ verdict: 'connects' }, run)
})
