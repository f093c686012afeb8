import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../../src/doctor/report.ts'
import { derive } from '../../doctor/gallery/derived-port.ts'
import { graveCodes, look, verdictFor } from '../../doctor/gallery/examine.ts'
import { runMcpRemote, type Run } from '../../doctor/gallery/mcp-remote-run.ts'
import { PERSON } from '../../support/deployment.ts'
import { ScriptedPerson } from '../../support/scripted-person.ts'
import { installRivals, startRival } from './rival.ts'

let folder: string
beforeAll(async () => {
  folder = await installRivals()
}, 300_000)

const sideBySide: string[] = []
afterAll(() => {
  process.stdout.write(`\n${sideBySide.join('\n')}\n`)
})

const visit = async (url: string): Promise<boolean> =>
  (await new ScriptedPerson(PERSON).signInAndReturn(url)).status < 400

/** Doctor with a whole sign-in, then the real mcp-remote; they must agree. */
async function compare(
  name: string,
  script: string,
  options: Parameters<typeof startRival>[2] = {},
): Promise<{ report: Report; run: Run }> {
  const rival = await startRival(folder, script, options)
  try {
    const { port } = derive(rival.mcpUrl)
    const report = await look(rival.mcpUrl, { login: true, visit, mcpRemotePort: port })
    const run = await runMcpRemote(rival.mcpUrl, { visit })
    const { verdict, code = '' } = verdictFor(report)
    sideBySide.push(`${name}: doctor: ${verdict} ${code}; mcp-remote: ${run.outcome} (${run.how})`)
    expect({ verdict, stderr: run.stderr }).toMatchObject({
      verdict: run.outcome === 'connected' ? 'connects' : 'fails',
    })
    return { report, run }
  } finally {
    await rival.close()
  }
}

const failing = ({ clients }: Report): string[] =>
  clients
    .filter(({ verdict, code }) => verdict === 'fails' && code !== 'D15-not-public')
    .map(({ client, code }) => `${client} ${code}`)

describe('other front doors, and what doctor finds about them', () => {
  test('the proxy of the MCP SDK registers nobody', async () => {
    const { report, run } = await compare('MCP SDK 1.32.2, proxy', 'sdk-proxy.js')
    expect(verdictFor(report).code).toBe('D01-no-registration')
    expect(run.stderr).toContain('does not support dynamic client registration')
  })

  test('the proxy of the MCP SDK with one client for all knows one callback', async () => {
    const { report } = await compare('MCP SDK 1.32.2, one client for all', 'sdk-proxy.js', {
      env: { REGISTERS: '1' },
    })
    expect(graveCodes(report)).toEqual(['D06-redirect-uris-dropped', 'D05-bad-token'])
    expect(failing(report)).toContain('vscode D06-redirect-uris-dropped')
  })

  test('FastMCP hides from a client that it is not known any more', async () => {
    const { report } = await compare('FastMCP 4.20.16', 'fastmcp.js', {
      callbackPath: '/oauth/callback',
    })
    expect(graveCodes(report)).toEqual([
      'D05-get-not-401',
      'D04-resource-origin-only',
      'D06-hosted-refused',
      'D06-mixed-refused',
      'D06-port-fixed',
      'D11-token-hides-unknown-client',
      'D12-no-grace',
    ])
  })

  test('Cloudflare’s library refuses VS Code, which asks for one grant too many', async () => {
    const { report } = await compare('workers-oauth-provider 1.2.3', 'workers.js')
    expect(graveCodes(report)).toEqual(['D01-registration-refused'])
    expect(failing(report)).toEqual(['vscode D01-registration-refused'])
    expect(report.findings.find(({ code }) => code === 'D01-registration-refused')?.message).toBe(
      'Visual Studio Code is refused: 400 invalid_client_metadata (Unsupported grant_type: urn:ietf:params:oauth:grant-type:device_code).',
    )
  })
})
