import { NODE_PORTS } from '../../../src/cli/doctor-ports.ts'
import { listenForCallback } from '../../../src/aws/verify/callback-listener.ts'
import { CLIENT_PROFILES } from '../../../src/doctor/client-profiles.ts'
import { examine } from '../../../src/doctor/examine.ts'
import type { LocalState } from '../../../src/doctor/probes/caches.ts'
import type { LoginPorts } from '../../../src/doctor/login/ports.ts'
import type { Ports } from '../../../src/doctor/ports.ts'
import type { Report, Verdict } from '../../../src/doctor/report.ts'
import { agree } from './browser.ts'

interface Circumstances {
  addresses?: readonly string[] | undefined
  login?: true | undefined
  local?: LocalState
  mcpRemotePort?: number
}

/** Doctor against a server of the gallery; `addresses` are what its name stands for. */
export function look(
  mcpUrl: string,
  { addresses, login, local, mcpRemotePort = nextPort() }: Circumstances = {},
): Promise<Report> {
  const ports: Ports =
    addresses === undefined
      ? NODE_PORTS
      : {
          ...NODE_PORTS,
          resolve: () => Promise.resolve([...addresses]),
          fetch: (url, init) => NODE_PORTS.fetch(url, init, ['127.0.0.1']),
        }
  return examine(
    {
      mcpUrl: new URL(mcpUrl),
      profiles: CLIENT_PROFILES,
      mcpRemotePort,
      local,
      onProgress: () => {},
    },
    ports,
    { person: login ? PERSON : undefined },
  )
}

const PERSON: LoginPorts = {
  announce: (url) => {
    agree(url).catch(() => {})
  },
  listen: listenForCallback,
  waitSeconds: 3,
}

/** Several sign in at the same time. */
let lastPort = 24_000
function nextPort(): number {
  lastPort += 1
  return lastPort
}

/** Codes that are worth a warning or more, each once. */
export function graveCodes({ findings }: Report): string[] {
  const grave = findings.filter(({ level }) => level !== 'info')
  return [...new Set(grave.map(({ code }) => code))]
}

export function verdictFor(report: Report, client = 'mcp-remote'): Verdict {
  const verdict = report.clients.find((each) => each.client === client)
  if (verdict === undefined) throw new Error(`no verdict for ${client}`)
  return verdict
}
