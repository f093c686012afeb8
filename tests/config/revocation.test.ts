import { describe, expect, test } from 'vitest'
import { isRevoked } from '../../src/config/revocation.ts'

describe('revokeBefore', () => {
  const cutOffs = { all: 100, subjects: { ada: 200 }, clients: { app: 300 } }
  test.each<[string, Parameters<typeof isRevoked>[1], boolean]>([
    ['everything issued before', { issuedAt: 99 }, true],
    ['nothing issued in that second', { issuedAt: 100 }, false],
    ['a subject', { issuedAt: 199, subject: 'ada' }, true],
    ['a subject, later', { issuedAt: 200, subject: 'ada' }, false],
    ['no other subject', { issuedAt: 199, subject: 'bob' }, false],
    ['a client', { issuedAt: 299, client: 'app' }, true],
    ['a client, later', { issuedAt: 300, client: 'app' }, false],
    ['a subject by the client', { issuedAt: 250, client: 'app', subject: 'ada' }, true],
    ['no client of the name of a subject', { issuedAt: 150, client: 'ada' }, false],
    [
      'no name that every object has',
      { issuedAt: 150, client: 'constructor', subject: '__proto__' },
      false,
    ],
  ])('cuts off %s', (_what, issued, revoked) => {
    expect(isRevoked(cutOffs, issued)).toBe(revoked)
  })

  test('cuts off nothing by default', () => {
    expect(isRevoked({ all: 0, subjects: {}, clients: {} }, { issuedAt: 0, subject: 'a' })).toBe(
      false,
    )
  })
})
