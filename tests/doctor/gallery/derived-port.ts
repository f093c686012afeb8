import { createHash } from 'node:crypto'
import { createServer } from 'node:net'

/** What mcp-remote makes of a URL: name of its files, and port of its callback (clients.md §1.1). */
export function derive(mcpUrl: string): { hash: string; port: number } {
  const hash = createHash('md5').update(mcpUrl).digest('hex')
  return { hash, port: 3335 + (parseInt(hash.slice(0, 4), 16) % 45_816) }
}

/** A free port for a server whose URL leads mcp-remote to one of `unwanted`. */
export async function findPortLeadingTo(unwanted: ReadonlySet<number>): Promise<number> {
  for (let port = 1024; port < 65_536; port++) {
    if (!unwanted.has(derive(`http://localhost:${port}/mcp`).port)) continue
    if (
      await occupy(port).then(
        (free) => free(),
        () => false,
      )
    )
      return port
  }
  throw new Error('no port leads there')
}

/** Listens there, until the function that it returns is called. */
export function occupy(port: number): Promise<() => Promise<true>> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () =>
      resolve(() => new Promise((done) => server.close(() => done(true)))),
    )
  })
}
