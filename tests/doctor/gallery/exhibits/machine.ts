import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLocalState, readProxies } from '../../../../src/cli/doctor-local.ts'
import type { LocalState } from '../../../../src/doctor/probes/caches.ts'
import { newConfigFolder } from '../../../support/mcp-remote.ts'
import { BAD_PORTS } from '../browser.ts'
import { derive, findPortLeadingTo, occupy } from '../derived-port.ts'
import { startServer } from '../server.ts'
import type { Scene, SceneExhibit } from './exhibit.ts'

/** What lies on the machine of the person. */
export const MACHINE: readonly SceneExhibit[] = [
  {
    name: 'a URL that leads to a port that browsers refuse',
    code: 'D21-port-unsafe',
    keepsOut: 'both',
    open: async () => {
      const server = await startServer({}, { port: await findPortLeadingTo(BAD_PORTS) })
      return { ...server, look: { mcpRemotePort: derive(server.mcpUrl).port } }
    },
  },
  {
    name: 'a program that listens where mcp-remote wants to',
    code: 'D21-port-taken',
    open: () => openOnMachine({ isTaken: true }),
  },
  {
    name: 'a program that listens where the sign-in comes back to',
    code: 'D21-port-busy',
    login: true,
    open: async () => {
      const server = await startServer()
      const { port } = derive(server.mcpUrl)
      const leave = await occupy(port)
      return {
        mcpUrl: server.mcpUrl,
        look: { mcpRemotePort: port },
        close: async () => {
          await Promise.all([leave(), server.close()])
        },
      }
    },
  },
  {
    name: 'half a file where a registration was',
    code: 'D21-cache-unreadable',
    open: () => openOnMachine({ file: '{"client_id": "a' }),
  },
  {
    name: 'a proxy that mcp-remote does not use',
    code: 'D21-proxy',
    open: () => openOnMachine({ env: { HTTPS_PROXY: 'http://127.0.0.1:9' } }),
  },
]

/** A healthy server, and mcp-remote on a machine that is not. */
async function openOnMachine({
  isTaken = false,
  file,
  env = {},
}: {
  isTaken?: boolean
  file?: string
  env?: NodeJS.ProcessEnv
}): Promise<Scene> {
  const server = await startServer()
  const { hash, port } = derive(server.mcpUrl)
  const leave = isTaken ? await occupy(port) : undefined
  const folder = newConfigFolder()
  if (file !== undefined)
    for (const version of ['mcp-remote-v1', 'mcp-remote-0.1.37']) {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, `${hash}_client_info.json`), file)
    }
  return {
    mcpUrl: server.mcpUrl,
    look: {
      mcpRemotePort: port,
      local: await readLocal(folder, server.mcpUrl),
      proxies: readProxies(env),
    },
    client: { folder, env },
    close: async () => {
      await Promise.all([leave?.(), server.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As `--local` reads it. */
export function readLocal(folder: string, mcpUrl: string): Promise<LocalState> {
  const { hash, port } = derive(mcpUrl)
  return readLocalState({ MCP_REMOTE_CONFIG_DIR: folder }, { hashes: [hash], port })
}
