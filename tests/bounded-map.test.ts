import { beforeEach, describe, expect, test } from 'vitest'
import { createExpiringMap, setBounded, type ExpiringMap } from '../src/bounded-map.ts'

describe('a bounded map', () => {
  test('never holds more than it may: the one set first goes, and setting again makes new', () => {
    const map = new Map<string, number>()
    for (const [index, key] of ['a', 'b', 'a', 'c'].entries()) setBounded(map, key, index, 2)
    expect([...map]).toEqual([
      ['a', 2],
      ['c', 3],
    ])
  })
})

describe('an expiring map', () => {
  let now: number
  let map: ExpiringMap<string>

  beforeEach(() => {
    now = 1000
    map = createExpiringMap({ max: 2, lifetimeMs: 100, now: () => now })
  })

  test('remembers for the lifetime and no longer, whether or not it is asked', () => {
    map.set('a', 'x')
    now += 99
    expect(map.get('a')).toBe('x')
    now += 1
    expect(map.get('a')).toBeUndefined()
  })

  test('an entry may have a lifetime of its own', () => {
    map.set('a', 'x', 10)
    map.set('b', 'y')
    now += 10
    expect([map.get('a'), map.get('b')]).toEqual([undefined, 'y'])
  })

  test('setting again starts the lifetime again', () => {
    map.set('a', 'x')
    now += 60
    map.set('a', 'y')
    now += 60
    expect(map.get('a')).toBe('y')
  })

  test('forgets what is deleted, and what was set first when there are too many', () => {
    for (const key of ['a', 'b', 'c']) map.set(key, key)
    map.delete('b')
    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, undefined, 'c'])
  })
})
