import { afterEach, describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/config/options.ts'
import { type Door, FORWARDERS, openDoor } from '../support/forwarders.ts'
import { SECRET_A, SECRET_B } from '../support/world.ts'

const open: Door[] = []

afterEach(async () => {
  for (const door of open.splice(0)) await door.close()
})

describe.each(FORWARDERS)('legacy session ids, forwarding by %s', (forwarder) => {
  const start = async (changes: Partial<PosternOptions> = {}): Promise<Door> => {
    const door = await openDoor(forwarder, changes)
    open.push(door)
    return door
  }
  const newSession = async (door: Door, id = 'upstream-id', sub = 'ada'): Promise<string> => {
    door.onUpstream((_, response) => {
      response.setHeader('mcp-session-id', id)
      response.end('{}')
    })
    const answer = await door.send({ token: await door.token({ sub }) })
    return String(answer.headers['mcp-session-id'])
  }
  const use = async (door: Door, ...headers: [string, string][]): Promise<number> =>
    (await door.send({ headers, token: await door.token() })).status

  test('outlive the rotation of secrets, until the old one is gone', async () => {
    const before = await newSession(await start({ secrets: [SECRET_A] }))
    const during = await start({ secrets: [SECRET_B, SECRET_A] })
    expect(await use(during, ['mcp-session-id', before])).toBe(200)
    expect(during.received.at(-1)?.headers['mcp-session-id']).toBe('upstream-id')
    const renewed = await newSession(during)
    const after = await start({ secrets: [SECRET_B] })
    expect(await use(after, ['mcp-session-id', renewed])).toBe(200)
    expect(await use(after, ['mcp-session-id', before])).toBe(404)
    expect(after.received).toHaveLength(1)
  })

  test('of one resource are unknown to another', async () => {
    const resources = ['a', 'b'].map((name) => ({
      url: `https://mcp.example.test/${name}`,
      upstream: 'UPSTREAM',
    }))
    const door = await start({ resources })
    door.onUpstream((_, response) => {
      response.setHeader('mcp-session-id', 'upstream-id')
      response.end('{}')
    })
    const token = (name: string): Promise<string> =>
      door.token({ aud: `https://mcp.example.test/${name}` })
    const first = await door.send({ path: '/a', token: await token('a') })
    const headers: [string, string][] = [
      ['mcp-session-id', String(first.headers['mcp-session-id'])],
    ]
    expect((await door.send({ path: '/a', headers, token: await token('a') })).status).toBe(200)
    expect((await door.send({ path: '/b', headers, token: await token('b') })).status).toBe(404)
    expect(door.received).toHaveLength(2)
  })

  test('a changed letter anywhere is 404', async () => {
    const door = await start()
    const session = await newSession(door)
    const before = door.received.length
    for (const at of [0, 5, session.indexOf('.') + 1, session.length - 3]) {
      const letter = session[at] === 'A' ? 'B' : 'A'
      const changed = session.slice(0, at) + letter + session.slice(at + 1)
      expect(await use(door, ['mcp-session-id', changed])).toBe(404)
    }
    expect(door.received).toHaveLength(before)
  })

  test('an id with dots of its own comes back whole', async () => {
    const door = await start()
    const session = await newSession(door, 'a.b.c')
    expect(await use(door, ['Mcp-Session-Id', session])).toBe(200)
    expect(door.received.at(-1)?.headers['mcp-session-id']).toBe('a.b.c')
  })

  // An MCP server may believe either line, and CGI makes the same variable of all punctuation.
  test.each([
    ['a second line', 'Mcp-Session-Id', 'after'],
    ['a first line', 'Mcp-Session-Id', 'before'],
    ['an underscore, after one’s own', 'Mcp_Session_Id', 'after'],
    ['an underscore, before one’s own', 'Mcp_Session_Id', 'before'],
    ['an underscore, alone', 'MCP_SESSION_ID', 'alone'],
    ['a dot', 'Mcp.Session-Id', 'after'],
  ])('somebody else’s id cannot ride along in %s', async (_, name, where) => {
    const door = await start()
    const own: [string, string] = ['mcp-session-id', await newSession(door)]
    const before = door.received.length
    const foreign: [string, string] = [name, 'id-of-eve']
    const lines = { after: [own, foreign], before: [foreign, own], alone: [foreign] }[where] ?? []
    expect(await use(door, ...lines)).toBe(404)
    expect(door.received).toHaveLength(before)
  })
})
