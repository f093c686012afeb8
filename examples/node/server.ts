import type { PosternOptions } from 'postern'
import { serve, type RunningServer } from 'postern/node'

/** A reverse proxy before an MCP server of any language, in your own Node program. */
export async function start(postern: PosternOptions, port: number): Promise<RunningServer> {
  const door = await serve({ postern, listen: { host: '127.0.0.1', port } })
  process.once('SIGTERM', () => void door.close())
  return door
}
