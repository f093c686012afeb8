import { CompactEncrypt } from 'jose'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as v from 'valibot'
import { deriveBits, keyId } from '../../src/crypto/keys.ts'
import type { PosternEvent } from '../../src/events.ts'
import {
  createSealer,
  MAX_SEALED_LENGTH,
  sealedLength,
  type Sealer,
  type SealPurpose,
} from '../../src/crypto/seal.ts'

const ISSUER = 'https://mcp.example.test'
const NOW = 1_800_000_000
const PURPOSES: SealPurpose[] = ['client_id', 'consent', 'transaction', 'code', 'refresh_token']
const Value = v.strictObject({ a: v.string() })

function secret(seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + seed * 101) & 0xff)
}

function sealer(changes: Partial<Parameters<typeof createSealer>[0]> = {}): Sealer {
  return createSealer({
    secrets: [secret(1)],
    retiredSecrets: [],
    issuer: ISSUER,
    now: () => NOW * 1000,
    ...changes,
  })
}

async function open(
  by: Sealer,
  sealed: string,
  purpose: SealPurpose = 'code',
): Promise<string | { a: string }> {
  const opened = await by.open(purpose, sealed, Value)
  return opened.ok ? opened.value : opened.failure.reason
}

/** A JWE under the very key that seals codes, with whatever header and content. */
async function forge(header: object, content: string): Promise<string> {
  const key = await deriveBits(secret(1), 'code', ISSUER)
  return new CompactEncrypt(new TextEncoder().encode(content))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: await keyId(key), ...header })
    .encrypt(key)
}

function envelope(changes: object = {}): string {
  return JSON.stringify({ purpose: 'code', expiresAt: NOW + 60, value: { a: 'x' }, ...changes })
}

describe('RFC 7516 seals: one purpose, one issuer, one lifetime', () => {
  test('opens what it sealed, and what a value holds cannot be read from the seal', async () => {
    const by = sealer()
    const sealed = await by.seal('code', { a: 'the value' }, NOW + 60)
    expect(await open(by, sealed)).toEqual({ a: 'the value' })
    expect(sealed).toMatch(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/)
    for (const part of sealed.split('.'))
      expect(Buffer.from(part, 'base64url').toString('latin1')).not.toContain('the value')
  })

  test('sealing twice gives two seals', async () => {
    const by = sealer()
    expect(await by.seal('code', { a: 'x' }, null)).not.toBe(
      await by.seal('code', { a: 'x' }, null),
    )
  })

  const pairs = PURPOSES.flatMap((made) =>
    PURPOSES.filter((used) => used !== made).map((used): [SealPurpose, SealPurpose] => [
      made,
      used,
    ]),
  )
  test.each(pairs)('a seal for %s is refused as %s', async (made, used) => {
    const by = sealer()
    const sealed = await by.seal(made, { a: 'x' }, NOW + 60)
    expect(await open(by, sealed, used)).toBe('seal_unknown_key')
  })

  test('the payload names the purpose again, should a key ever serve two', async () => {
    expect(await open(sealer(), await forge({}, envelope({ purpose: 'refresh_token' })))).toBe(
      'seal_unreadable',
    )
  })

  test.each([
    ['another issuer', { issuer: 'https://other.example.test' }],
    ['another secret', { secrets: [secret(2)] }],
    ['a secret that is retired', { secrets: [secret(2)], retiredSecrets: [secret(1)] }],
  ])('a process with %s refuses it', async (_what, changes) => {
    const sealed = await sealer().seal('code', { a: 'x' }, null)
    expect(await open(sealer(changes), sealed)).toBe('seal_unknown_key')
  })

  test('a process that lacks the key says so, and only then', async () => {
    const events: PosternEvent[] = []
    const emit = (event: PosternEvent): number => events.push(event)
    const sealed = await sealer({ emit }).seal('code', { a: 'x' }, NOW + 60)
    expect(await open(sealer({ emit }), sealed)).toEqual({ a: 'x' })
    expect(await open(sealer({ emit }), `${sealed.slice(0, -2)}AA`)).toBe('seal_broken')
    expect(events).toEqual([])
    expect(await open(sealer({ emit, secrets: [secret(2)] }), sealed)).toBe('seal_unknown_key')
    expect(events).toEqual([{ type: 'seal.key-unknown', purpose: 'code' }])
  })

  test.each([
    ['the last millisecond', (NOW + 60) * 1000 - 1, { a: 'x' }],
    ['the moment it expires', (NOW + 60) * 1000, 'seal_expired'],
    ['later', (NOW + 3600) * 1000, 'seal_expired'],
  ])('at %s', async (_when, now, expected) => {
    const sealed = await sealer().seal('code', { a: 'x' }, NOW + 60)
    expect(await open(sealer({ now: () => now }), sealed)).toEqual(expected)
  })

  test('a seal without expiry opens after years', async () => {
    const sealed = await sealer().seal('client_id', { a: 'x' }, null)
    const later = sealer({ now: () => (NOW + 1e9) * 1000 })
    expect(await open(later, sealed, 'client_id')).toEqual({ a: 'x' })
  })

  test.each([
    ['a value of another form', { value: { a: 1 } }],
    ['a value with more members', { value: { a: 'x', b: 'y' } }],
    ['an envelope with more members', { more: 1 }],
    ['an expiry that is text', { expiresAt: '9999999999' }],
    ['no expiry', { expiresAt: undefined }],
    ['no value', { value: undefined }],
  ])('refuses %s even under the right key', async (_what, changes) => {
    expect(await open(sealer(), await forge({}, envelope(changes)))).toBe('seal_unreadable')
  })
})

describe('rotation of secrets', () => {
  test('the first secret seals and all open', async () => {
    const [one, two] = [secret(1), secret(2)]
    const before = await sealer({ secrets: [one] }).seal('refresh_token', { a: 'x' }, null)
    const appended = await sealer({ secrets: [one, two] }).seal('refresh_token', { a: 'x' }, null)
    const moved = await sealer({ secrets: [two, one] }).seal('refresh_token', { a: 'x' }, null)

    for (const secrets of [[one], [one, two], [two, one]])
      for (const sealed of [before, appended])
        expect(await open(sealer({ secrets }), sealed, 'refresh_token')).toEqual({ a: 'x' })
    expect(await open(sealer({ secrets: [one, two] }), moved, 'refresh_token')).toEqual({ a: 'x' })
    expect(await open(sealer({ secrets: [one] }), moved, 'refresh_token')).toBe('seal_unknown_key')
    expect(await open(sealer({ secrets: [two] }), before, 'refresh_token')).toBe('seal_unknown_key')
  })

  test.each(PURPOSES)('a retired secret opens client_ids only: %s', async (purpose) => {
    const sealed = await sealer({ secrets: [secret(1)] }).seal(purpose, { a: 'x' }, null)
    const later = sealer({ secrets: [secret(2)], retiredSecrets: [secret(1)] })
    expect(await open(later, sealed, purpose)).toEqual(
      purpose === 'client_id' ? { a: 'x' } : 'seal_unknown_key',
    )
  })

  test('a retired secret seals nothing', async () => {
    const without = sealer({ secrets: [], retiredSecrets: [secret(1)] })
    await expect(without.seal('code', { a: 'x' }, null)).rejects.toThrow('at least one secret')
  })
})

describe('RFC 7516 §5.2 bad seals', () => {
  test('a change of any one character is noticed', async () => {
    const by = sealer()
    const sealed = await by.seal('code', { a: 'xy' }, NOW + 60)
    for (let index = 0; index < sealed.length; index += 1) {
      // The neighbour differs in the lowest bit: at the end of a part, one that nothing encodes.
      const character = sealed[index] ?? ''
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const changed = character === '.' ? 'A' : (alphabet[alphabet.indexOf(character) ^ 1] ?? '')
      const tampered = sealed.slice(0, index) + changed + sealed.slice(index + 1)
      expect(await open(by, tampered)).toMatch(/^seal_/)
    }
  })

  test('each value has one spelling: unused bits of base64url must be zero', async () => {
    const by = sealer()
    for (const a of ['x', 'xx', 'xxx', 'xxxx']) {
      const sealed = await by.seal('code', { a }, null)
      expect(await open(by, sealed)).toEqual({ a })
      const [header, , iv, ciphertext = '', tag = ''] = sealed.split('.')
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const spellings = alphabet
        .split('')
        .flatMap((last) => [
          [header, '', iv, ciphertext, tag.slice(0, -1) + last].join('.'),
          [header, '', iv, ciphertext.slice(0, -1) + last, tag].join('.'),
        ])
      const opening = await Promise.all(
        spellings.map((spelling) => by.open('code', spelling, Value)),
      )
      expect(
        spellings.filter((spelling, index) => opening[index]?.ok && spelling !== sealed),
      ).toEqual([])
    }
  })

  test.each<[string, (sealed: string) => string]>([
    ['nothing', () => ''],
    ['four parts', (sealed) => sealed.split('.').slice(0, 4).join('.')],
    ['six parts', (sealed) => `${sealed}.A`],
    ['an encrypted key', (sealed) => sealed.replace('..', '.AAAA.')],
    ['no header', (sealed) => sealed.replace(/^[^.]+/, '')],
    ['padding', (sealed) => `${sealed}==`],
    ['a space at the end', (sealed) => `${sealed} `],
    ['a line break at the end', (sealed) => `${sealed}\n`],
    ['a space at the beginning', (sealed) => ` ${sealed}`],
    ['a short tag', (sealed) => sealed.slice(0, -1)],
    ['a tag of 12 bytes', (sealed) => sealed.slice(0, -6)],
    ['no ciphertext', (sealed) => sealed.replace(/\.[^.]+(\.[^.]+)$/, '.$1')],
    ['the alphabet of plain base64', (sealed) => `${sealed.slice(0, -1)}+`],
    ['a JWT', () => 'eyJhbGciOiJub25lIn0.e30.'],
  ])('refuses %s', async (_what, change) => {
    const by = sealer()
    const sealed = await by.seal('code', { a: 'x' }, NOW + 60)
    expect(await open(by, change(sealed))).toMatch(/^seal_/)
  })

  test('parts of two seals do not fit together', async () => {
    const by = sealer()
    const one = (await by.seal('code', { a: 'x' }, null)).split('.')
    const two = (await by.seal('code', { a: 'y' }, null)).split('.')
    for (const index of [2, 3, 4])
      expect(await open(by, one.with(index, two[index] ?? '').join('.'))).toBe('seal_broken')
  })

  test('refuses what is longer than any seal before looking at it', async () => {
    const by = sealer()
    const long = await by.seal('code', { a: 'x'.repeat(MAX_SEALED_LENGTH) }, null)
    expect(await open(by, long)).toBe('seal_malformed')
  })

  test.each<[string, object]>([
    ['zip', { zip: 'DEF' }],
    ['an unknown kid', { kid: 'AAAAAAAA' }],
    ['a kid that is no text', { kid: 1 }],
    ['an unknown critical extension', { crit: ['exp'], exp: 1 }],
  ])('refuses %s in the header, even under the right key', async (_what, header) => {
    const sealed = await forge(header, envelope()).catch(() => undefined)
    // What the library will not write is written by hand around another seal.
    expect(await open(sealer(), sealed ?? (await withHeader(header)))).toMatch(
      /^seal_(?:broken|unknown_key)$/,
    )
  })

  async function withHeader(header: object): Promise<string> {
    const whole = await forge({}, envelope())
    const own = JSON.parse(Buffer.from(whole.split('.')[0] ?? '', 'base64url').toString()) as object
    const changed = Buffer.from(JSON.stringify({ ...own, ...header })).toString('base64url')
    return whole.replace(/^[^.]+/, changed)
  }

  test.each<[string, object]>([
    ['PBES2', { alg: 'PBES2-HS256+A128KW', p2c: 1_000_000, p2s: 'AAAAAAAAAAA' }],
    ['A256KW', { alg: 'A256KW' }],
    ['A256GCMKW', { alg: 'A256GCMKW', iv: 'AAAAAAAAAAAAAAAA', tag: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    ['RSA-OAEP-256', { alg: 'RSA-OAEP-256' }],
    ['ECDH-ES', { alg: 'ECDH-ES', epk: { kty: 'OKP', crv: 'X25519', x: 'AA' } }],
    ['none', { alg: 'none' }],
    ['no algorithm', { alg: undefined }],
    ['A128GCM', { enc: 'A128GCM' }],
    ['A256CBC-HS512', { enc: 'A256CBC-HS512' }],
    ['no encryption', { enc: undefined }],
  ])('refuses the algorithm %s', async (_what, header) => {
    expect(await open(sealer(), await withHeader(header))).toBe('seal_broken')
  })

  test('refuses AES-128 under half of the right key', async () => {
    const key = await deriveBits(secret(1), 'code', ISSUER)
    const sealed = await new CompactEncrypt(new TextEncoder().encode(envelope()))
      .setProtectedHeader({ alg: 'dir', enc: 'A128GCM', kid: await keyId(key) })
      .encrypt(key.slice(0, 16))
    expect(await open(sealer(), sealed)).toBe('seal_broken')
  })
})

describe('seals, by property', () => {
  test('whatever is sealed opens unchanged', async () => {
    const by = sealer()
    const text = fc.string({ unit: 'grapheme' })
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...PURPOSES), async (a, purpose) => {
        expect(await open(by, await by.seal(purpose, { a }, NOW + 1), purpose)).toEqual({ a })
      }),
    )
  })

  test('no random text opens, and none makes it throw', async () => {
    const by = sealer()
    const part = fc.stringMatching(/^[\w-]{1,40}$/)
    const shaped = fc
      .tuple(part, fc.stringMatching(/^[\w-]{16}$/), part, fc.stringMatching(/^[\w-]{21}[AQgw]$/))
      .map(([header, iv, ciphertext, tag]) => `${header}..${iv}.${ciphertext}.${tag}`)
    const headed = fc.tuple(fc.json(), shaped).map(([header, text]) => {
      const encoded = Buffer.from(header).toString('base64url')
      return text.replace(/^[^.]+/, encoded)
    })
    const any = fc.oneof(fc.string({ unit: 'binary' }), shaped, headed)
    await fc.assert(
      fc.asyncProperty(any, fc.constantFrom(...PURPOSES), async (text, purpose) => {
        expect(await open(by, text, purpose)).toMatch(/^seal_/)
      }),
      { numRuns: 500 },
    )
  })

  test('sealedLength is never below the real length, and at most 24 above it', async () => {
    const by = sealer()
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom(...PURPOSES),
        async (a, purpose) => {
          const bytes = new TextEncoder().encode(JSON.stringify({ a })).length
          const sealed = await by.seal(purpose, { a }, NOW + 60)
          expect(sealedLength(bytes)).toBeGreaterThanOrEqual(sealed.length)
          expect(sealedLength(bytes) - sealed.length).toBeLessThanOrEqual(24)
        },
      ),
    )
  })
})
