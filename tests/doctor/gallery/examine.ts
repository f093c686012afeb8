import { NODE_PORTS } from '../../../src/cli/doctor-ports.ts'
import { CLIENT_PROFILES } from '../../../src/doctor/client-profiles.ts'
import { examine } from '../../../src/doctor/examine.ts'
import type { Ports } from '../../../src/doctor/ports.ts'
import type { Report, Verdict } from '../../../src/doctor/report.ts'

/** Doctor against a server of the gallery; `addresses` are what its name stands for. */
export function look(mcpUrl: string, addresses?: readonly string[]): Promise<Report> {
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
      mcpRemotePort: 23456,
      onProgress: () => {},
    },
    ports,
  )
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
