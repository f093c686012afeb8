import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, fetch as fetchWithAgent } from 'undici'
import { freePort } from '../../../support/deployment.ts'
import { createAuthority } from '../../../twins/certificates.ts'
import { agree } from '../browser.ts'
import { startServer } from '../server.ts'
import type { Scene, SceneExhibit } from './exhibit.ts'

/** What stands between clients and a server. */
export const PLACES: readonly SceneExhibit[] = [
  {
    name: 'a name without address',
    code: 'D15-no-address',
    keepsOut: 'both',
    open: () =>
      Promise.resolve({
        mcpUrl: 'https://nobody.invalid/mcp',
        look: { ports: { resolve: () => Promise.reject(new Error('ENOTFOUND')) } },
        close: () => Promise.resolve(),
      }),
  },
  {
    name: 'nobody at home',
    code: 'D15-unreachable',
    keepsOut: 'both',
    open: async () => ({
      mcpUrl: `http://localhost:${await freePort()}/mcp`,
      close: () => Promise.resolve(),
    }),
  },
  {
    name: 'a certificate that nobody knows',
    code: 'D15-certificate',
    keepsOut: 'both',
    open: () => startServer({}, { authority: createAuthority() }),
  },
  {
    name: 'a server that says nothing',
    code: 'D15-silent',
    keepsOut: 'both',
    open: openSilent,
  },
  {
    name: 'http on the internet',
    code: 'D15-insecure',
    also: ['D03-endpoint-insecure'],
    keepsOut: 'both',
    open: async () => ({
      ...(await startServer({}, { host: 'mcp.example' })),
      look: { addresses: ['93.184.216.34'] },
    }),
  },
  { name: 'another port than 443', code: 'D15-port', open: openOnOtherPort },
]

async function openSilent(): Promise<Scene> {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    mcpUrl: `http://localhost:${(server.address() as AddressInfo).port}/mcp`,
    look: { limits: { secondsPerRequest: 1, seconds: 5 } },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Https, with a certificate that everybody in the scene knows. */
async function openOnOtherPort(): Promise<Scene> {
  const authority = createAuthority()
  const server = await startServer({}, { authority })
  const folder = mkdtempSync(join(tmpdir(), 'postern-gallery-'))
  const file = join(folder, 'authority.pem')
  writeFileSync(file, authority.pem)
  const dispatcher = new Agent({ connect: { ca: authority.pem } })
  const fetch = (url: string | URL, init: object = {}): Promise<Response> =>
    fetchWithAgent(url, { ...init, dispatcher }) as unknown as Promise<Response>
  return {
    mcpUrl: server.mcpUrl,
    look: { addresses: ['93.184.216.34'], ports: { fetch } },
    client: {
      env: { NODE_EXTRA_CA_CERTS: file },
      visit: async (url) => (await agree(url, fetch)).isBack,
    },
    close: async () => {
      rmSync(folder, { recursive: true })
      await Promise.all([server.close(), dispatcher.destroy()])
    },
  }
}
