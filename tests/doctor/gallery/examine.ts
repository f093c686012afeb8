import { isIP } from 'node:net'
import { NODE_PORTS } from '../../../src/cli/doctor-ports.ts'
import { listenForCallback } from '../../../src/aws/verify/callback-listener.ts'
import { CLIENT_PROFILES } from '../../../src/doctor/client-profiles.ts'
import { examine } from '../../../src/doctor/examine.ts'
import type { LocalState } from '../../../src/doctor/probes/caches.ts'
import type { LoginPorts } from '../../../src/doctor/login/ports.ts'
import type { Limits, Ports } from '../../../src/doctor/ports.ts'
import type { Report, Verdict } from '../../../src/doctor/report.ts'
import { freePort } from '../../support/deployment.ts'
import { agree } from './browser.ts'

export interface Circumstances {
  addresses?: readonly string[] | undefined
  login?: true | undefined
  local?: LocalState
  identityProvider?: string
  /** Plays the person; whether they came back. */
  visit?: (url: string) => Promise<boolean>
  mcpRemotePort?: number
  ports?: Partial<Ports>
  proxies?: readonly string[]
  limits?: Limits
  /** How long somebody who signs in may take. */
  waitSeconds?: number
}

/** Doctor against a server of the gallery; `addresses` are what its name stands for. */
export async function look(
  mcpUrl: string,
  {
    addresses,
    login,
    local,
    identityProvider,
    visit = async (url) => (await agree(url)).isBack,
    mcpRemotePort,
    ports = {},
    proxies = [],
    limits,
    waitSeconds = 20,
  }: Circumstances = {},
): Promise<Report> {
  return examine(
    {
      mcpUrl: new URL(mcpUrl),
      profiles: CLIENT_PROFILES,
      mcpRemotePort: mcpRemotePort ?? (await freePort()),
      local,
      identityProvider,
      proxies,
      onProgress: () => {},
    },
    { ...NODE_PORTS, ...(addresses === undefined ? {} : pretend(addresses)), ...ports },
    { limits, person: login && letVisit(visit, waitSeconds) },
  )
}

/** The name stands for these, and is reached on this machine all the same. */
function pretend(addresses: readonly string[]): Partial<Ports> {
  return {
    resolve: (host) => Promise.resolve(isIP(host) === 0 ? [...addresses] : [host]),
    fetch: (url, init) => NODE_PORTS.fetch(url, init, ['127.0.0.1']),
  }
}

function letVisit(visit: (url: string) => Promise<boolean>, waitSeconds: number): LoginPorts {
  return {
    announce: (url) => {
      visit(url).catch(() => {})
    },
    listen: listenForCallback,
    waitSeconds,
  }
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
