import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Report } from '../../src/doctor/report.ts'
import { createAuthority } from '../twins/certificates.ts'

const BIN = resolve('bin/postern.js')
const LONGEST_SECONDS = 30

let folder: string
let servers: Server[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-doctor-tls-'))
  servers = []
})
afterEach(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, host, done))
  return (server.address() as AddressInfo).port
}

/** As people run it; `pem` is an authority that they trust. */
async function doctor(
  url: string,
  pem?: string,
): Promise<{ code: number | null; report: Report; err: string; seconds: number }> {
  const trusted = join(folder, 'ca.pem')
  if (pem !== undefined) writeFileSync(trusted, pem)
  const began = Date.now()
  const child = spawn(process.execPath, [BIN, 'doctor', url, '--json'], {
    env: { ...process.env, ...(pem === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted }) },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, report: JSON.parse(out) as Report, err, seconds: (Date.now() - began) / 1000 }
}

function expectFinding(
  { code, report, err, seconds }: Awaited<ReturnType<typeof doctor>>,
  finding: string,
  message: RegExp,
): void {
  expect([code, err]).toEqual([1, ''])
  const found = report.findings.find((each) => each.code === finding)
  expect(found?.message ?? JSON.stringify(report.findings)).toMatch(message)
  expect(report.clients.map(({ verdict }) => verdict)).not.toContain('connects')
  expect(seconds).toBeLessThan(LONGEST_SECONDS)
}

describe('bad TLS is a finding that says what is wrong with it', () => {
  const https = (authority: ReturnType<typeof createAuthority>, name: string): Server =>
    createHttpsServer({
      SNICallback: (_host, done) => done(null, authority.contextFor(name)),
    })

  test('an authority that nobody knows', async () => {
    const port = await listen(https(createAuthority(), 'localhost'))
    const ran = await doctor(`https://localhost:${port}/mcp`)
    expectFinding(ran, 'D15-certificate', /authority is one that nobody knows/)
  })

  test('a certificate that has expired', async () => {
    const authority = createAuthority({ validForDays: -1 })
    const port = await listen(https(authority, 'localhost'))
    const ran = await doctor(`https://localhost:${port}/mcp`, authority.pem)
    expectFinding(ran, 'D15-certificate', /has expired/)
  })

  test('a certificate for another name', async () => {
    const authority = createAuthority()
    const port = await listen(https(authority, 'other.example'))
    const ran = await doctor(`https://localhost:${port}/mcp`, authority.pem)
    expectFinding(ran, 'D15-certificate', /is for another name/)
  })

  test('plain http on the port of https', async () => {
    const port = await listen(createHttpServer((_request, response) => response.end()))
    const ran = await doctor(`https://localhost:${port}/mcp`)
    expectFinding(ran, 'D15-unreachable', /does not speak TLS/)
  })

  test('https on the port of plain http', async () => {
    const port = await listen(https(createAuthority(), 'localhost'))
    const ran = await doctor(`http://localhost:${port}/mcp`)
    expectFinding(ran, 'D15-unreachable', /The connection fails/)
  })
})

describe('where nobody is', () => {
  test('a name without address', async () => {
    expectFinding(await doctor('https://nobody.invalid/mcp'), 'D15-no-address', /has no address/)
  })

  test('a port that nobody listens on', async () => {
    const server = createHttpServer()
    const port = await listen(server)
    server.close()
    expectFinding(await doctor(`http://localhost:${port}/mcp`), 'D15-unreachable', /ECONNREFUSED/)
  })

  test('a port that takes connections and never says anything', async () => {
    const port = await listen(createHttpServer(() => {}))
    expectFinding(await doctor(`http://localhost:${port}/mcp`), 'D15-silent', /No answer/)
  })
})
