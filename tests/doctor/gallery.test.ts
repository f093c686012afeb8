import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../src/doctor/families.ts'
import { graveCodes, look, verdictFor } from './gallery/examine.ts'
import { GALLERY } from './gallery/exhibits/all.ts'
import { bothMetadata } from './gallery/exhibits/exhibit.ts'
import { expectNamed } from './gallery/expectations.ts'
import { startServer } from './gallery/server.ts'
import { STALE_CLIENTS } from './gallery/stale-clients.ts'

const DOCUMENT = readFileSync('docs/doctor.md', 'utf8')

/** Whether docs/doctor.md says that this stops the client. */
function isSaidToStop(code: string, client: string): boolean {
  const section = DOCUMENT.split(`\n### ${code}\n`)[1] ?? ''
  const [, who = ''] = /^- Stops: (.*)$/m.exec(section) ?? []
  const isListed = who.includes(`\`${client}\``)
  return /^(?:every|the client)/.test(who) ? !isListed : isListed
}

/** What real clients do at the same servers is seen by `npm run gallery`. */
describe.concurrent('every fault is named, and nothing else', () => {
  test.each(GALLERY)(
    '$code: $name',
    async (exhibit) => {
      const scene = await exhibit.open()
      try {
        const report = await look(scene.mcpUrl, { login: exhibit.login, ...scene.look })
        expectNamed(report, exhibit)
        const { code } = exhibit
        const stopped = report.clients.filter((each) => each.code === code)
        expect(stopped.filter(({ client }) => !isSaidToStop(code, client))).toEqual([])
      } finally {
        await scene.close()
      }
    },
    60_000,
  )
})

test('nothing is found where nothing is wrong', async () => {
  const server = await startServer()
  const report = await look(server.mcpUrl, { login: true })
  await server.close()
  expect(graveCodes(report)).toEqual([])
  expect(verdictFor(report)).toMatchObject({ verdict: 'connects' })
})

test('every code of the catalogue has its exhibit', () => {
  const shown = new Set([
    ...GALLERY.map(({ code }) => code),
    ...STALE_CLIENTS.flatMap(({ codes }) => codes),
  ])
  expect([...CATALOGUE.keys()].filter((code) => !shown.has(code))).toEqual([])
  expect([...shown].filter((code) => !CATALOGUE.has(code))).toEqual([])
})

test('an issuer that nobody named must be the origin all the same', async () => {
  const server = await startServer({
    answers: {
      ...bothMetadata({ status: 404 }),
      'server metadata': { json: { issuer: 'https://idp.example' } },
    },
  })
  const report = await look(server.mcpUrl)
  await server.close()
  expect(verdictFor(report)).toMatchObject({ verdict: 'fails', code: 'D02-issuer-mismatch' })
  expect(verdictFor(report, 'mcp-remote-0.8')).toMatchObject({ verdict: 'connects' })
})

describe('faulty servers know nothing of doctor', () => {
  const folder = 'tests/doctor/gallery'
  const servers = readdirSync(folder).filter((name) =>
    /^(?:authorization-server|documents|fault|identity-provider|mcp|reply|server)\.ts$/.test(name),
  )

  test.each(servers)('%s', (name) => {
    const text = readFileSync(`${folder}/${name}`, 'utf8')
    expect(text).not.toMatch(/\bD\d\d-/)
    expect(text).not.toMatch(/from '[^']*src\//)
  })
})
