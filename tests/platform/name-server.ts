import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' }

export interface NameServer {
  /** `127.0.0.1:<port>` */
  address: string
  /** Questions in the order in which they came, as `A name`. */
  questions: string[]
  close: () => Promise<void>
}

/** A DNS server (RFC 1035 §4.1) that knows a few addresses. */
export async function startNameServer(
  zone: Readonly<Record<string, readonly Uint8Array[]>>,
): Promise<NameServer> {
  const questions: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, end } = readName(query)
    const question = `${TYPES[query.readUInt16BE(end)] ?? 'other'} ${name}`
    questions.push(question)
    const records = (zone[question] ?? []).map((data) => {
      const head = Buffer.alloc(12)
      head.writeUInt16BE(0xc00c, 0)
      query.copy(head, 2, end, end + 4)
      head.writeUInt32BE(60, 6)
      head.writeUInt16BE(data.length, 10)
      return Buffer.concat([head, data])
    })
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(0x8180, 2)
    head.writeUInt16BE(records.length, 6)
    head.fill(0, 8)
    socket.send(Buffer.concat([head, query.subarray(12, end + 4), ...records]), from.port)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    close: async () => {
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), end: at + 1 }
}
