import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkUrl } from '../../../src/cli/connect/check-url.ts'
import { runConnect } from '../../../src/cli/connect/run-connect.ts'
import { NODE_PORTS } from '../../../src/cli/doctor-ports.ts'
import { type Deployment, PERSON, startDeployment } from '../../support/deployment.ts'
import { McpRemote, newConfigFolder } from '../../support/mcp-remote.ts'
import { ScriptedPerson } from '../../support/scripted-person.ts'

let deployment: Deployment
let home: string
let folder: string
let client: McpRemote | undefined

beforeEach(async () => {
  deployment = await startDeployment()
  home = mkdtempSync(join(tmpdir(), 'postern-connect-'))
  folder = newConfigFolder()
})
afterEach(async () => {
  await client?.close()
  await deployment.close()
  for (const each of [home, folder]) rmSync(each, { recursive: true, force: true })
})

test('Claude Desktop signs a person in by the entry that connect wrote', async () => {
  const url = deployment.mcpUrl
  const report = await runConnect(
    {
      server: { name: 'acme', url },
      isNameGiven: true,
      clients: ['claude-desktop'],
      print: false,
      undo: false,
      yes: true,
      replace: false,
    },
    {
      machine: { platform: 'linux', environment: {}, home },
      check: () => checkUrl(url, NODE_PORTS),
      ask: undefined,
      say: () => {},
    },
  )
  expect(report.findings.map(({ reason }) => reason)).toEqual(['private_network'])
  const written = readFileSync(join(home, '.config/Claude/claude_desktop_config.json'), 'utf8')
  const { mcpServers } = JSON.parse(written) as {
    mcpServers: Record<string, { command: string; args: string[] }>
  }
  const [, packageName, typed = '', ...args] = mcpServers['acme']?.args ?? []
  expect([mcpServers['acme']?.command, packageName]).toEqual(['npx', 'mcp-remote@latest'])

  client = new McpRemote('0.15', typed, { folder, args })
  await new ScriptedPerson(PERSON).signInAndReturn(await client.authorizationUrl())
  await client.initialize()
  expect(await client.callTool('whoami')).toContain('ada@example.test')
})
