import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PosternEvent } from '../../../src/events.ts'
import { invocation } from '../../../src/platform/aws-lambda/invocation.ts'
import { logEvent } from '../../../src/platform/aws-lambda/log.ts'

const lines: string[] = []
beforeEach(() => {
  lines.length = 0
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text))
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

test.each<[PosternEvent, string]>([
  [{ type: 'gate.refused', reason: 'token_absent', status: 401 }, 'info'],
  [{ type: 'secret.unavailable', reason: 'GetSecretValue failed: no answer' }, 'warn'],
  [{ type: 'fault', requestId: 'r', message: 'a\nb' }, 'error'],
])('an event is one line of JSON with a level: %j', (event, level) => {
  logEvent(event)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\{.*\}\n$/)
  expect(JSON.parse(lines[0]!)).toEqual({ time: expect.any(String), level, ...event })
})

test('it says which request it belongs to, and from where that came', async () => {
  const event = { type: 'gate.refused', reason: 'token_absent', status: 401 } as const
  await invocation.run({ requestId: 'r1', clientAddress: '198.51.100.7' }, async () => {
    await Promise.resolve()
    logEvent(event)
  })
  expect(JSON.parse(lines[0]!)).toMatchObject({ requestId: 'r1', clientAddress: '198.51.100.7' })
})
