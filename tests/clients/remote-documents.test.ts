import { beforeEach, describe, expect, test } from 'vitest'
import { createRemoteDocuments, type RemoteDocuments } from '../../src/clients/remote-documents.ts'
import { fail, ok } from '../../src/protocol/result.ts'
import type { FetchDocument } from '../../src/runtime.ts'
import { Clock } from '../support/clock.ts'

const URL_OF_IT = 'https://app.example/client.json'
const MINUTE = 60
const DAY = 24 * 60 * MINUTE

type Answer = Awaited<ReturnType<FetchDocument>>

let clock: Clock
let asked: string[]
let answer: () => Answer | Promise<Answer>
let documents: RemoteDocuments<string>

function served(body: unknown, headers: Record<string, string> = {}, status = 200): Answer {
  const all = { 'content-type': 'application/json', ...headers }
  return ok(new Response(status === 200 ? JSON.stringify(body) : null, { status, headers: all }))
}

beforeEach(() => {
  clock = new Clock()
  asked = []
  answer = () => served('first')
  const fetchDocument: FetchDocument = async (url) => {
    asked.push(url)
    return answer()
  }
  documents = createRemoteDocuments(
    { now: clock.now, fetchDocument },
    {
      maxBytes: 100,
      parse: (json) => (typeof json === 'string' ? ok(json) : fail('is no text')),
    },
  )
})

const get = async (): Promise<string> => {
  const document = await documents.get(URL_OF_IT)
  return document.ok ? document.value : document.failure.reason
}

describe('RFC 9111 §4.2: for how long a document is good', () => {
  test.each<[string, Record<string, string>, number]>([
    ['nothing is said', {}, 5 * MINUTE],
    ['max-age', { 'cache-control': 'public, max-age=600' }, 600],
    ['max-age in capitals', { 'cache-control': 'Public, MAX-AGE=600' }, 600],
    ['max-age less the age it already has', { 'cache-control': 'max-age=600', age: '400' }, 200],
    ['s-maxage, which is for shared caches', { 'cache-control': 's-maxage=10, max-age=600' }, 600],
    ['private, which is for shared caches', { 'cache-control': 'private, max-age=600' }, 600],
    ['a second is too short', { 'cache-control': 'max-age=1' }, MINUTE],
    ['zero is too short', { 'cache-control': 'max-age=0' }, MINUTE],
    ['a year is too long', { 'cache-control': 'max-age=31536000' }, DAY],
    ['Expires', { expires: new Date(new Clock().now() + 600_000).toUTCString() }, 600],
    ['an Expires that is no date', { expires: '0' }, MINUTE],
    [
      'max-age rather than Expires',
      { 'cache-control': 'max-age=600', expires: new Date(0).toUTCString() },
      600,
    ],
  ])('%s', async (_what, headers, seconds) => {
    answer = () => served('first', headers)
    expect(await get()).toBe('first')
    answer = () => served('second', headers)
    clock.advance(seconds - 2)
    expect(await get()).toBe('first')
    clock.advance(4)
    expect(await get()).toBe('second')
  })

  test.each(['no-store', 'no-cache', 'max-age=600, no-store'])(
    '%s: not at all, and not through an outage either',
    async (cacheControl) => {
      answer = () => served('first', { 'cache-control': cacheControl })
      await get()
      answer = () => fail({ reason: 'no_connection' })
      expect(await get()).toBe('unavailable')
      expect(asked).toHaveLength(2)
    },
  )
})

describe('draft-02 §5.2: errors are never remembered', () => {
  test.each<[string, () => Answer, string]>([
    ['an outage', () => fail({ reason: 'no_connection' }), 'unavailable'],
    ['a time limit', () => fail({ reason: 'no_answer_in_time' }), 'unavailable'],
    ['a private address', () => fail({ reason: 'address_not_public' }), 'blocked'],
    ['an endless body', () => fail({ reason: 'body_too_large' }), 'invalid'],
    ['403', () => served('', {}, 403), 'unavailable'],
    ['429', () => served('', {}, 429), 'unavailable'],
    ['500', () => served('', {}, 500), 'unavailable'],
    ['404', () => served('', {}, 404), 'invalid'],
    ['410', () => served('', {}, 410), 'invalid'],
    ['301', () => served('', { location: 'https://app.example/2' }, 301), 'invalid'],
    ['307', () => served('', {}, 307), 'invalid'],
    ['HTML', () => served('first', { 'content-type': 'text/html' }), 'invalid'],
    ['text', () => served('first', { 'content-type': 'text/plain' }), 'invalid'],
    [
      'JSON of a name only',
      () => served('first', { 'content-type': 'x-application/json' }),
      'invalid',
    ],
    ['a document that is wrong', () => served(7), 'invalid'],
    [
      'something that is no JSON',
      () => ok(new Response('{', { headers: { 'content-type': 'application/json' } })),
      'invalid',
    ],
    [
      'bytes that are no UTF-8',
      () =>
        ok(
          new Response(Uint8Array.of(0x22, 0xff, 0x22), {
            headers: { 'content-type': 'application/json' },
          }),
        ),
      'invalid',
    ],
  ])('%s', async (_what, failing, reason) => {
    answer = failing
    expect(await get()).toBe(reason)
    answer = () => served('first')
    expect(await get()).toBe('first')
  })

  test.each([
    'application/json; charset=utf-8',
    'application/oauth-client+json',
    'APPLICATION/JSON',
  ])('%s is JSON', async (type) => {
    answer = () => served('first', { 'content-type': type })
    expect(await get()).toBe('first')
  })
})

describe('through an outage of its host', () => {
  test('the last good document serves for a day, and its host is not asked at every request', async () => {
    await get()
    clock.advance(10 * MINUTE)
    answer = () => fail({ reason: 'no_answer_in_time' })
    expect(await get()).toBe('first')
    expect(await get()).toBe('first')
    expect(asked).toHaveLength(2)
    clock.advance(MINUTE + 1)
    expect(await get()).toBe('first')
    expect(asked).toHaveLength(3)
    clock.advance(DAY)
    expect(await get()).toBe('unavailable')
  })

  test('no longer than it says where it says must-revalidate (RFC 9111 §5.2.2.2)', async () => {
    const headers = { 'cache-control': 'max-age=600, must-revalidate' }
    answer = () => served('first', headers)
    await get()
    answer = () => fail({ reason: 'no_connection' })
    clock.advance(10 * MINUTE - 1)
    expect(await get()).toBe('first')
    clock.advance(2)
    expect(await get()).toBe('unavailable')
  })

  test('what was withdrawn or became wrong is not served from memory', async () => {
    await get()
    clock.advance(10 * MINUTE)
    answer = () => served('', {}, 404)
    expect(await get()).toBe('invalid')
  })

  test('the first good answer after it counts', async () => {
    await get()
    clock.advance(10 * MINUTE)
    answer = () => served('', {}, 503)
    await get()
    clock.advance(MINUTE + 1)
    answer = () => served('second')
    expect(await get()).toBe('second')
  })

  test('what must be newer is not served from memory', async () => {
    await get()
    answer = () => fail({ reason: 'no_connection' })
    clock.advance(1)
    expect(await documents.get(URL_OF_IT, clock.now())).toMatchObject({
      failure: { reason: 'unavailable' },
    })
    expect(await get()).toBe('first')
  })
})

describe('many who ask', () => {
  test('for one document share one request', async () => {
    let finish: (answer: Answer) => void = () => {}
    answer = () => new Promise((resolve) => (finish = resolve))
    const all = Promise.all(Array.from({ length: 20 }, get))
    await Promise.resolve()
    finish(served('first'))
    expect(new Set(await all)).toEqual(new Set(['first']))
    expect(asked).toHaveLength(1)
  })

  test('for slow hosts cannot hold more than 32 at once', async () => {
    const finish: ((answer: Answer) => void)[] = []
    answer = () => new Promise((resolve) => finish.push(resolve))
    const all = Array.from({ length: 40 }, (_, index) =>
      documents.get(`https://x${index}.example/`),
    )
    const refused = await Promise.all(all.slice(32))
    expect(refused.every((document) => !document.ok)).toBe(true)
    expect(asked).toHaveLength(32)
    for (const one of finish) one(served('first'))
    expect((await Promise.all(all.slice(0, 32))).every((document) => document.ok)).toBe(true)
  })

  test.each([
    ['host', (index: number) => `https://slow.example/${index}`],
    [
      'domain, which can have any number of hosts',
      (index: number) => `https://x${index}.slow.example/`,
    ],
  ])('for one slow %s leave room for others', async (_what, path) => {
    answer = () => new Promise(() => {})
    for (let index = 0; index < 4; index += 1) void documents.get(path(index))
    expect(await documents.get(path(4))).toMatchObject({ ok: false })
    answer = () => served('another host')
    expect(await documents.get(URL_OF_IT)).toEqual(ok('another host'))
  })

  test('for more documents than are remembered push the oldest out, and get nobody else’s', async () => {
    let index = 0
    answer = () => served(`document ${index}`)
    for (; index < 501; index += 1) await documents.get(`https://x${index}.example/`)
    answer = () => served('fetched again')
    expect(await documents.get('https://x1.example/')).toEqual(ok('document 1'))
    expect(await documents.get('https://x0.example/')).toEqual(ok('fetched again'))
  })
})
