import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { rotate } from '../../../src/platform/aws-lambda/rotation.ts'
import { inOrderOfUse, type SecretValue } from '../../../src/platform/aws-lambda/secret.ts'

const NOW = 1_795_600_800
const DAY = 86_400

function run(
  current: SecretValue | undefined,
  changes: Partial<Parameters<typeof rotate>[1]> = {},
) {
  const random = (length: number) => randomBytes(length)
  return rotate(current, { mode: 'broker', rotation: '1', now: NOW, random, ...changes })
}

describe('the secret of a deployment', () => {
  test('is made once: its first entry signs at once, for there is nobody to wait for', () => {
    const made = run(undefined)
    expect(made).toMatchObject({ entries: [{ activeFrom: 0 }], retired: [], rotation: '1' })
    expect(made.originSecret).toMatch(/^[\w-]{43}$/)
    expect(made.previousOriginSecret).toBeUndefined()
    expect(run(made)).toEqual(made)
  })

  test('has no entries in relay mode, and gets its first when it becomes a broker', () => {
    const relay = run(undefined, { mode: 'relay' })
    expect(relay.entries).toEqual([])
    expect(run(relay, { mode: 'relay', rotation: '2' }).entries).toEqual([])
    expect(run(relay).entries).toMatchObject([{ activeFrom: 0 }])
  })

  test('takes a rotation back for a deployment that is rolled back', () => {
    const made = run(undefined)
    const failed = run(made, { rotation: '2' })
    const restored = run(failed, { rotation: '1', now: NOW + 60 })
    expect(restored).toMatchObject({ originSecret: made.originSecret, entries: made.entries })
    // CloudFront may send either.
    expect(restored.previousOriginSecret).toBe(failed.originSecret)
    expect(run(restored, { rotation: '1', now: NOW + 60 })).toEqual(restored)
    // The next attempt with the same text rotates after all.
    expect(run(restored, { rotation: '2' }).originSecret).not.toBe(failed.originSecret)
  })

  test('keeps an entry that has become active when its rotation is taken back', () => {
    const failed = run(run(undefined), { rotation: '2' })
    expect(run(failed, { rotation: '1', now: NOW + 3600 }).entries).toEqual(failed.entries)
  })

  test('keeps an entry that a function which has not read again yet would begin to use', () => {
    const failed = run(run(undefined), { rotation: '2' })
    const activeFrom = NOW + 15 * 60
    // A function reads every five minutes. One that read just before would seal with the entry
    // until it reads again, and what it sealed nobody could open.
    expect(run(failed, { rotation: '1', now: activeFrom - 5 * 60 }).entries).toEqual(failed.entries)
    expect(run(failed, { rotation: '1', now: activeFrom - 10 * 60 }).entries).toHaveLength(1)
  })

  test('is rotated by another text: the new entry waits for 15 minutes', () => {
    const made = run(undefined)
    const rotated = run(made, { rotation: '2' })
    expect(rotated.entries).toMatchObject([made.entries[0]!, { activeFrom: NOW + 15 * 60 }])
    expect(rotated.entries[1]!.secret).not.toBe(made.entries[0]!.secret)
    expect(rotated.originSecret).not.toBe(made.originSecret)
    expect(rotated.previousOriginSecret).toBe(made.originSecret)
    expect(run(rotated, { rotation: '2', now: NOW + 60 })).toEqual(rotated)
  })

  test('keeps an entry for the longest lifetime after it was superseded, then for client ids', () => {
    const made = run(undefined)
    const rotated = run(made, { rotation: '2' })
    const superseded = NOW + 15 * 60
    const kept = run(rotated, { rotation: '2', now: superseded + 30 * DAY })
    expect(kept.entries).toHaveLength(2)
    const later = run(rotated, { rotation: '2', now: superseded + 30 * DAY + 1 })
    expect(later.entries).toEqual([rotated.entries[1]])
    expect(later.retired).toEqual([made.entries[0]!.secret])
  })

  test('keeps what was retired, and the client’s secret', () => {
    const current = { ...run(undefined), retired: ['old'], basic: 'x', clientSecret: 'y' }
    expect(run(current, { rotation: '2' })).toMatchObject({
      retired: ['old'],
      basic: 'x',
      clientSecret: 'y',
    })
  })
})

describe('the order of use', () => {
  const entries = [
    { secret: 'a', activeFrom: 0 },
    { secret: 'b', activeFrom: 100 },
    { secret: 'c', activeFrom: 200 },
  ]
  test.each([
    [99_999, 'a', 'a c b'],
    [100_000, 'b', 'b c a'],
    [200_000, 'c', 'c b a'],
  ])('at %s ms %s signs, and all open', (now, first, all) => {
    const order = inOrderOfUse(entries, now).map(({ secret }) => secret)
    expect([order[0], order.join(' ')]).toEqual([first, all])
  })

  test('is empty while none is active', () => {
    expect(inOrderOfUse([{ secret: 'a', activeFrom: 100 }], 0)).toEqual([])
  })
})
