import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Verdict } from '../../../src/doctor/report.ts'
import { type McpRemoteVersion, newConfigFolder } from '../../support/mcp-remote.ts'
import { derive } from './derived-port.ts'
import { graveCodes, look, verdictFor } from './examine.ts'
import { GALLERY } from './exhibits/all.ts'
import type { SceneExhibit } from './exhibits/exhibit.ts'
import { readLocal } from './exhibits/machine.ts'
import { expectNamed } from './expectations.ts'
import { runMcpRemote, type Run } from './mcp-remote-run.ts'
import { drawPairs } from './pairs.ts'
import { startServer } from './server.ts'
import { STALE_CLIENTS } from './stale-clients.ts'

interface Client {
  version: McpRemoteVersion
  name: string
  /** What doctor calls it. */
  profile: string
  rules: 'new' | 'old'
  /** Where it keeps what it remembers. */
  folder: string
}

const CLIENTS: readonly Client[] = [
  {
    version: '0.15',
    name: 'mcp-remote 0.15.1',
    profile: 'mcp-remote',
    rules: 'new',
    folder: 'mcp-remote-v1',
  },
  {
    version: '0.1',
    name: 'mcp-remote 0.1.38',
    profile: 'mcp-remote-0.8',
    rules: 'old',
    folder: 'mcp-remote-0.1.37',
  },
]
const SEED = 20_261_125
const TIMEOUT_MS = 240_000

const table: string[][] = []

afterAll(() => {
  const rows = [
    ['client', 'fault', 'doctor says', 'mcp-remote did'],
    ...table.toSorted((a, b) => (`${a[1]} ${a[0]}` < `${b[1]} ${b[0]}` ? -1 : 1)),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at]!)).join('  '))
  process.stdout.write(`\n${lines.map((line) => line.trimEnd()).join('\n')}\n`)
})

/** Both sides into the table, and no word of difference between them. */
function expectAgreement(client: Client, fault: string, verdict: Verdict, run: Run): void {
  const { step, code } = verdict
  table.push([
    client.name,
    fault,
    step === undefined ? 'connects' : `fails at ${step}: ${code}`,
    `${run.outcome}: ${run.how}`,
  ])
  const isSame = (verdict.verdict === 'connects') === (run.outcome === 'connected')
  expect(isSame ? '' : `${verdict.verdict}, but ${run.outcome}:\n${run.stderr}`).toBe('')
}

function isKeptOut({ rules }: Client, { keepsOut }: Pick<SceneExhibit, 'keepsOut'>): boolean {
  return keepsOut === 'both' || keepsOut === rules
}

describe.concurrent.each(CLIENTS)('$name does as doctor says', (client) => {
  test.each(GALLERY)(
    '$code: $name',
    async (exhibit) => {
      const { name, code, login, patienceSeconds } = exhibit
      const scene = await exhibit.open()
      try {
        const report = await look(scene.mcpUrl, { login, ...scene.look })
        const { version } = client
        const run = await runMcpRemote(scene.mcpUrl, { version, patienceSeconds, ...scene.client })
        expectNamed(report, exhibit)
        expectAgreement(client, `${code}: ${name}`, verdictFor(report, client.profile), run)
        expect(run.outcome).toBe(isKeptOut(client, exhibit) ? 'failed' : 'connected')
      } finally {
        await scene.close()
      }
    },
    TIMEOUT_MS,
  )

  test.each(STALE_CLIENTS)(
    'a client that the server has forgotten: $name',
    async (stale) => {
      const server = await startServer()
      const folder = newConfigFolder()
      const { version } = client
      try {
        const before = await runMcpRemote(server.mcpUrl, { version, folder })
        expect(before.how === 'tools listed' ? '' : before.stderr).toBe('')
        server.forget()
        server.become(stale.fault)
        const tokens = join(folder, client.folder, `${derive(server.mcpUrl).hash}_tokens.json`)
        if (!stale.hasTokens) rmSync(tokens)
        const local = await readLocal(folder, server.mcpUrl)
        const report = await look(server.mcpUrl, { local })
        const run = await runMcpRemote(server.mcpUrl, { version, folder })
        expect(graveCodes(report).toSorted()).toEqual(stale.codes.toSorted())
        const verdict = verdictFor(report, client.profile)
        expectAgreement(client, `stale client: ${stale.name}`, verdict, run)
        expect(run.outcome).toBe(isKeptOut(client, stale) ? 'failed' : 'connected')
      } finally {
        await server.close()
        rmSync(folder, { recursive: true, force: true })
      }
    },
    TIMEOUT_MS,
  )

  test(
    'a healthy server',
    async () => {
      const server = await startServer()
      const report = await look(server.mcpUrl, { login: true })
      const run = await runMcpRemote(server.mcpUrl, { version: client.version })
      await server.close()
      expect(graveCodes(report)).toEqual([])
      expectAgreement(client, 'none', verdictFor(report, client.profile), run)
      expect(run.how).toBe('tools listed')
    },
    TIMEOUT_MS,
  )
})

describe.concurrent(`of two faults, doctor names the one that blocks first (seed ${SEED})`, () => {
  test.each(drawPairs(20, SEED).flatMap((pair) => CLIENTS.map((client) => ({ ...pair, client }))))(
    '$client.name: $name',
    async ({ name, fault, first, client }) => {
      const server = await startServer(fault)
      try {
        const report = await look(server.mcpUrl)
        const run = await runMcpRemote(server.mcpUrl, { version: client.version })
        const verdict = verdictFor(report, client.profile)
        expect(verdict).toMatchObject({ verdict: 'fails', code: first.code })
        expectAgreement(client, `pair: ${name.split(':', 1)[0]}`, verdict, run)
      } finally {
        await server.close()
      }
    },
    TIMEOUT_MS,
  )
})
