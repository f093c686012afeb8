import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { freePort } from '../support/deployment.ts'

const PROGRAM = createRequire(import.meta.url).resolve(
  '@modelcontextprotocol/sdk/examples/server/simpleStreamableHttp.js',
)

/** The MCP SDK's own demo server, as it comes: what a client may fail at as well. */
export class DemoServer {
  readonly mcpUrl: string
  readonly #child: ChildProcess

  private constructor(mcpUrl: string, child: ChildProcess) {
    this.mcpUrl = mcpUrl
    this.#child = child
  }

  static async start(): Promise<DemoServer> {
    const [port, authPort] = [await freePort(), await freePort()]
    const child = spawn(process.execPath, [PROGRAM, '--oauth'], {
      env: { ...process.env, MCP_PORT: `${port}`, MCP_AUTH_PORT: `${authPort}` },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const listening = new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the demo server ended (${code})`)))
      child.stdout.on('data', (chunk: Buffer) => {
        if (String(chunk).includes(`listening on port ${port}`)) resolve()
      })
    })
    await listening
    return new DemoServer(`http://localhost:${port}/mcp`, child)
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
