import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

export interface Check {
  scenario: string
  id: string
  status: string
  message?: string
}

/** Runs the official conformance tool to its end; yields every check that it made. */
export async function runConformance(
  args: string[],
  onOutput: (soFar: string) => void = () => {},
): Promise<{ checks: Check[]; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-conformance-'))
  try {
    const child = spawn(process.execPath, [binary(), ...args, '-o', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        onOutput(output)
      })
    await once(child, 'close')
    return { checks: readChecks(folder), output }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How many checks ended how. */
export function countByStatus(checks: Check[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of checks) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** One line per check, in an order that does not depend on when it ran; `INFO` is no result. */
export function toResultSet(checks: Check[]): string[] {
  return checks
    .filter(({ status }) => status !== 'INFO')
    .map(({ scenario, id, status }) => `${scenario}: ${id}: ${status}`)
    .toSorted()
}

/** The tool cannot send a token: this stands before `target` and adds one, and changes nothing else. */
export async function startBearerShim(): Promise<{
  origin: string
  send: (target: URL, accessToken: string) => void
  close: () => Promise<void>
}> {
  let onward: { target: URL; accessToken: string } | undefined
  const server = createServer((request, response) => {
    if (onward === undefined) response.writeHead(503).end()
    else passOn(request, response, onward.target, onward.accessToken)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    send: (target, accessToken) => {
      onward = { target, accessToken }
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
  accessToken: string,
): void {
  const onward = httpRequest({
    host: target.hostname,
    port: target.port,
    method: request.method,
    path: request.url,
    headers: { ...request.headers, authorization: `Bearer ${accessToken}` },
  })
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    response.flushHeaders()
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
}

function binary(): string {
  const manifest = require.resolve('@modelcontextprotocol/conformance/package.json')
  return join(dirname(manifest), 'dist/index.js')
}

function readChecks(folder: string): Check[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('checks.json'))
    .flatMap((file) => {
      const found = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        id: string
        status: string
        errorMessage?: string
      }[]
      // Folders are named after the leg, the scenario and the time.
      const folderName = dirname(file).replace(/^(?:authorization-server|server)-/, '')
      const scenario = folderName.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
      return found.map(({ id, status, errorMessage }) => ({
        scenario,
        id,
        status,
        ...(errorMessage === undefined ? {} : { message: errorMessage }),
      }))
    })
}
