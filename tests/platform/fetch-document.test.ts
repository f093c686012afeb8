import type { LookupAddress } from 'node:dns'
import type { RequestListener } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDocumentFetcher, resolveHost } from '../../src/platform/fetch-document.ts'
import { isPublicAddress } from '../../src/clients/special-use.ts'
import { type DocumentHost, startDocumentHost } from './document-host.ts'
import { startNameServer } from './name-server.ts'

const DOCUMENT_URL = 'https://app.example/client.json'
const LIMITS = { maxBytes: 5 * 1024, timeoutMs: 5_000 }

let host: DocumentHost
let answer: RequestListener

beforeAll(async () => {
  host = await startDocumentHost((request, response) => answer(request, response))
})
afterAll(async () => {
  await host.close()
})
afterEach(() => {
  answer = (_request, response) => response.end()
})

const addresses = (...all: string[]): LookupAddress[] =>
  all.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

async function outcome(
  fetching: ReturnType<ReturnType<typeof createDocumentFetcher>>,
): Promise<string> {
  const fetched = await fetching
  return fetched.ok
    ? `${fetched.value.status} ${await fetched.value.text()}`
    : fetched.failure.reason
}

describe('a document that a stranger names is fetched', () => {
  test('by GET, without anything that identifies us or a person', async () => {
    let seen: unknown
    answer = ({ method, url, headers }, response) => {
      seen = { method, url, headers }
      response.setHeader('content-type', 'application/json')
      response.setHeader('cache-control', 'max-age=60')
      response.setHeader('set-cookie', 'a=b')
      response.end('{}')
    }
    const fetched = await host.fetchDocument()(DOCUMENT_URL, LIMITS)
    expect(seen).toEqual({
      method: 'GET',
      url: '/client.json',
      headers: {
        host: `app.example:${host.port}`,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'Postern',
        connection: 'close',
      },
    })
    if (!fetched.ok) throw new Error(fetched.failure.reason)
    expect(Object.fromEntries(fetched.value.headers)).toEqual({
      'content-type': 'application/json',
      'cache-control': 'max-age=60',
    })
  })

  test('only under a certificate of its very host', async () => {
    const unknownAuthority = createDocumentFetcher({
      resolve: () => Promise.resolve(addresses('127.0.0.1')),
      isAllowed: () => true,
      port: host.port,
    })
    expect(await outcome(unknownAuthority(DOCUMENT_URL, LIMITS))).toBe('no_connection')
  })
})

describe('requests that a stranger would like us to make (SSRF)', () => {
  test.each([
    ['loopback', ['127.0.0.1']],
    ['a private network', ['10.0.0.1']],
    ['the credentials of a cloud', ['169.254.169.254']],
    ['loopback, v6', ['::1']],
    ['a unique local address', ['fd00:ec2::254']],
    ['IPv4-mapped loopback', ['::ffff:127.0.0.1']],
    ['NAT64 of loopback', ['64:ff9b::7f00:1']],
    ['NAT64 of a private network', ['64:ff9b::a00:1']],
    ['NAT64 of a public address, and of loopback besides', ['64:ff9b::808:808', '64:ff9b::7f00:1']],
    ['6to4 of loopback', ['2002:7f00:1::']],
    ['a public address, and loopback besides', ['93.184.216.34', '127.0.0.1']],
    ['loopback, and a public address besides', ['::1', '2606:4700::1']],
  ])('a name that leads to %s is not connected to', async (_what, all) => {
    const before = host.connections()
    const fetchDocument = host.fetchDocument({
      resolve: () => Promise.resolve(addresses(...all)),
      isAllowed: isPublicAddress,
    })
    expect(await outcome(fetchDocument(DOCUMENT_URL, LIMITS))).toBe('address_not_public')
    expect(host.connections()).toBe(before)
  })

  test.each([
    'https://127.0.0.1/client.json',
    'https://[::1]/client.json',
    'https://2130706433/client.json',
    'https://0x7f.1/client.json',
    'https://0177.0.0.1/client.json',
    'https://[::ffff:127.0.0.1]/client.json',
    'http://app.example/client.json',
    'file:///etc/passwd',
  ])('%s is not even looked up', async (url) => {
    let lookedUp = false
    const fetchDocument = host.fetchDocument({
      resolve: () => {
        lookedUp = true
        return Promise.resolve(addresses('127.0.0.1'))
      },
    })
    expect(await outcome(fetchDocument(url, LIMITS))).toBe('address_not_public')
    expect(lookedUp).toBe(false)
  })

  test('DNS rebinding: the name is asked for once, and the address that was checked is used', async () => {
    answer = (_request, response) => response.end('from the checked address')
    let lookups = 0
    const checked: string[] = []
    const fetchDocument = host.fetchDocument({
      resolve: () => {
        lookups += 1
        return Promise.resolve(lookups === 1 ? addresses('127.0.0.1') : addresses('127.0.0.2'))
      },
      isAllowed: (address) => {
        checked.push(address)
        return address === '127.0.0.1'
      },
    })
    expect(await outcome(fetchDocument(DOCUMENT_URL, LIMITS))).toBe('200 from the checked address')
    expect(lookups).toBe(1)
    expect(checked).toEqual(['127.0.0.1'])
  })

  // DNS64 gives hosts with IPv4 alone such addresses besides (RFC 6147); where no way leads there,
  // the next one is tried.
  test('a public address behind NAT64 keeps no document away', async () => {
    answer = (_request, response) => response.end('fetched')
    const fetchDocument = host.fetchDocument({
      resolve: () => Promise.resolve(addresses('64:ff9b::808:808', '127.0.0.1')),
      isAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
    })
    expect(await outcome(fetchDocument(DOCUMENT_URL, LIMITS))).toBe('200 fetched')
  })

  test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async (status) => {
    const paths: (string | undefined)[] = []
    answer = ({ url }, response) => {
      paths.push(url)
      response.writeHead(status, { location: 'https://169.254.169.254/latest' }).end('body')
    }
    expect(await outcome(host.fetchDocument()(DOCUMENT_URL, LIMITS))).toBe(`${status} `)
    expect(paths).toEqual(['/client.json'])
  })

  test('a proxy of the environment is not used: it would ask DNS again', async () => {
    answer = (_request, response) => response.end('direct')
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9'
    process.env['NODE_USE_ENV_PROXY'] = '1'
    try {
      expect(await outcome(host.fetchDocument()(DOCUMENT_URL, LIMITS))).toBe('200 direct')
    } finally {
      delete process.env['HTTPS_PROXY']
      delete process.env['NODE_USE_ENV_PROXY']
    }
  })
})

describe('hosts that want to cost us something', () => {
  test('at the limit a body is read, one byte beyond it is not', async () => {
    answer = ({ url }, response) => response.end('x'.repeat(Number(url?.slice(1))))
    const fetchDocument = host.fetchDocument()
    expect(await outcome(fetchDocument('https://app.example/5120', LIMITS))).toMatch(
      /^200 x{5120}$/,
    )
    expect(await outcome(fetchDocument('https://app.example/5121', LIMITS))).toBe('body_too_large')
  })

  test('an endless body is cut while it arrives', async () => {
    let closed: Promise<void> | undefined
    answer = (_request, response) => {
      closed = new Promise((resolve) => response.once('close', resolve))
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1024)));
        if (!response.destroyed) response.once('drain', write)
      }
      write()
    }
    expect(await outcome(host.fetchDocument()(DOCUMENT_URL, LIMITS))).toBe('body_too_large')
    await closed
  })

  test('a length that is a lie does not count', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' })
      response.end('x'.repeat(10))
    }
    const limits = { ...LIMITS, maxBytes: 9 }
    expect(await outcome(host.fetchDocument()(DOCUMENT_URL, limits))).toBe('body_too_large')
  })

  test('the body of an error is not read', async () => {
    answer = (_request, response) => {
      response.writeHead(500)
      response.write('x'.repeat(100_000))
    }
    expect(await outcome(host.fetchDocument()(DOCUMENT_URL, LIMITS))).toBe('500 ')
  })

  test.each<[string, RequestListener]>([
    ['never answers', () => undefined],
    ['answers byte by byte', (_request, response) => void drip(response)],
    ['begins and never ends', (_request, response) => void response.write('{')],
  ])('one that %s is left in time', async (_what, listener) => {
    answer = listener
    const limits = { ...LIMITS, timeoutMs: 300 }
    expect(await outcome(host.fetchDocument()(DOCUMENT_URL, limits))).toBe('no_answer_in_time')
  })

  test('one whose DNS never answers is left in time', async () => {
    const fetchDocument = host.fetchDocument({ resolve: () => new Promise(() => undefined) })
    const limits = { ...LIMITS, timeoutMs: 100 }
    expect(await outcome(fetchDocument(DOCUMENT_URL, limits))).toBe('no_answer_in_time')
  })

  test.each<[string, RequestListener]>([
    ['hangs up', (request) => void request.socket.destroy()],
    [
      'hangs up half-way',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{', () => request.socket.destroy())
      },
    ],
    ['answers with headers without end', (request) => void request.socket.write(HUGE_HEADERS)],
    ['answers with a status that is none', (request) => void request.socket.end(NO_STATUS)],
  ])('one that %s is as good as not there', async (_what, listener) => {
    answer = listener
    expect(await outcome(host.fetchDocument()(DOCUMENT_URL, LIMITS))).toBe('no_connection')
  })

  test('a name that does not exist is as good as not there', async () => {
    const fetchDocument = host.fetchDocument({
      resolve: () => Promise.reject(new Error('ENOTFOUND')),
    })
    expect(await outcome(fetchDocument(DOCUMENT_URL, LIMITS))).toBe('no_connection')
    const empty = host.fetchDocument({ resolve: () => Promise.resolve([]) })
    expect(await outcome(empty(DOCUMENT_URL, LIMITS))).toBe('no_connection')
  })
})

describe('the name of a host', () => {
  test('is asked of DNS, once for each family, and exactly as it is', async () => {
    const v6 = Buffer.from('26064700000000000000000000001111', 'hex')
    const server = await startNameServer({
      'A app.example': [Buffer.of(93, 184, 216, 34)],
      'AAAA app.example': [v6],
      'A four.example': [Buffer.of(10, 0, 0, 1), Buffer.of(93, 184, 216, 34)],
    })
    try {
      expect(await resolveHost('app.example', [server.address])).toEqual(
        addresses('93.184.216.34', '2606:4700::1111'),
      )
      expect(server.questions.toSorted()).toEqual(['A app.example', 'AAAA app.example'])
      expect(await resolveHost('four.example', [server.address])).toEqual(
        addresses('10.0.0.1', '93.184.216.34'),
      )
      expect(await resolveHost('nobody.example', [server.address])).toEqual([])
    } finally {
      await server.close()
    }
  })
})

const HUGE_HEADERS = `HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(40)}\r\n`
const NO_STATUS = 'HTTP/1.1 999 Strange\r\ncontent-length: 0\r\n\r\n'

async function drip(response: Parameters<RequestListener>[1]): Promise<void> {
  while (!response.destroyed) {
    response.write(' ')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
