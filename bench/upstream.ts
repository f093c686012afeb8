/** The MCP server of the bench: as fast as Node can answer `tools/call`, so that the door shows. */
import { createServer } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { answerParent } from './child.ts'
import { listen } from './listen.ts'

const STREAMED_EVENTS = 20

const result = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { content: [{ type: 'text', text: 'It is sunny in Lisbon today, 24 degrees.' }] },
})
const progress = JSON.stringify({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: 1, progress: 1, total: STREAMED_EVENTS },
})

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (!Buffer.concat(chunks).includes('"stream"')) {
      response.setHeader('content-type', 'application/json')
      response.end(result)
      return
    }
    response.setHeader('content-type', 'text/event-stream')
    void streamEvents((event) => response.write(event)).then(() => response.end())
  })
})

async function streamEvents(write: (event: string) => void): Promise<void> {
  for (let sent = 1; sent < STREAMED_EVENTS; sent += 1) {
    write(`event: message\ndata: ${progress}\n\n`)
    await setImmediate()
  }
  write(`event: message\ndata: ${result}\n\n`)
}

answerParent({ url: `${await listen(server)}/mcp` })
