import { describe, expect, it } from 'vitest'
import type { Distribution, Topology } from '../../src/aws/topology.ts'
import { createCloudFront } from './cloudfront/cloudfront.ts'
import {
  API_DOMAIN,
  apiTopology,
  authorizer,
  behavior,
  distribution,
  gateway,
  PUBLIC_DOMAIN,
  route,
  toRequest,
} from './edge-fixture.ts'
import { respond } from './http.ts'
import { pathSpellings } from './path-spellings.ts'
import { DEFAULT_SWITCHES, type Switches } from './switches.ts'

const edge: Distribution = distribution({
  behaviors: [
    behavior({ pattern: '/mcp', responseHeadersPolicy: 'mcp' }),
    behavior({ pattern: '/mcp/', responseHeadersPolicy: 'mcp' }),
    behavior({ responseHeadersPolicy: 'rest' }),
  ],
})
const marked = (name: string) =>
  ({
    kind: 'responseHeadersPolicy',
    name,
    set: [{ name: 'x-behavior', value: name, override: true }],
    remove: [],
  }) as const
const topology: Topology = apiTopology(
  route('ANY /mcp', { authorizer: 'authorizer' }),
  route('ANY /mcp/', { authorizer: 'authorizer' }),
  route('$default'),
  authorizer({
    type: 'REQUEST',
    function: 'front',
    payloadFormat: '2.0',
    simpleResponses: true,
    resultTtlSeconds: 0,
  }),
  edge,
  marked('mcp'),
  marked('rest'),
)

/**
 * Where a request ends without credentials: the behavior that the edge chose, and the API's answer:
 * 401 at the guarded routes, or the path that the unguarded function was given.
 */
async function arrival(target: string, switches: Partial<Switches> = {}): Promise<string> {
  const { host, events } = gateway(topology, {
    // A guarded route for `/mcp/` as well shows where that spelling ends.
    switches: { apiRouteKeyTrailingSlash: 'accepted', ...switches },
  })
  const internet = new Map([
    [API_DOMAIN, host],
    ['notes.auth.eu-central-1.amazoncognito.com', async () => respond(200, [])],
  ])
  const cloudFront = createCloudFront(edge, topology, {
    internet,
    now: () => 0,
    switches: { ...DEFAULT_SWITCHES, ...switches },
  })
  const response = await cloudFront(toRequest(PUBLIC_DOMAIN, { method: 'POST', target }))
  const chosen = response.headers.find(([name]) => name === 'x-behavior')?.[1] ?? 'none'
  const given = events.map(({ event }) => JSON.stringify(event.rawPath))
  return `${chosen} ${response.status} ${given.join(' ')}`.trim()
}

const spellings = pathSpellings('/mcp')

describe('spellings of /mcp', () => {
  it('are many, and none is there twice', () => {
    expect(spellings.length).toBeGreaterThanOrEqual(50)
    expect(new Set(spellings.map(({ target }) => target)).size).toBe(spellings.length)
  })

  it('arrive where the documents say', async () => {
    const table: Record<string, string> = {}
    for (const { target } of spellings) table[target] = await arrival(target)
    expect(table).toMatchInlineSnapshot(`
      {
        "%2Fmcp": "none 400",
        "*": "none 400",
        "/#/mcp": "rest 200 "/#/mcp"",
        "/$default/mcp": "rest 200 "/$default/mcp"",
        "/%00/mcp": "rest 200 "/\\u0000/mcp"",
        "/%20mcp": "rest 200 "/ mcp"",
        "/%252e%252e/mcp": "rest 200 "/%2e%2e/mcp"",
        "/%256dcp": "rest 200 "/%6dcp"",
        "/%2Fmcp": "rest 200 "//mcp"",
        "/%2e%2e/mcp": "mcp 200 "/../mcp"",
        "/%2e/mcp": "mcp 200 "/./mcp"",
        "/%2f%2fmcp": "rest 200 "///mcp"",
        "/%5cmcp": "rest 200 "/\\\\mcp"",
        "/%6Dcp": "mcp 401",
        "/%6d%63%70": "mcp 401",
        "/%6dcp": "mcp 401",
        "/%6dcp/": "mcp 401",
        "/%EF%BD%8Dcp": "rest 200 "/ｍcp"",
        "/%c0%ae%c0%ae/mcp": "rest 400",
        "/../mcp": "mcp 200 "/../mcp"",
        "/./mcp": "mcp 200 "/./mcp"",
        "///mcp": "mcp 200 "///mcp"",
        "//mcp": "mcp 200 "//mcp"",
        "//mcp.example.com/mcp": "rest 200 "//mcp.example.com/mcp"",
        "/;/mcp": "rest 200 "/;/mcp"",
        "/MCP": "rest 200 "/MCP"",
        "/Mcp": "rest 200 "/Mcp"",
        "/\\mcp": "rest 200 "/\\\\mcp"",
        "/a%2f../mcp": "rest 200 "/a/../mcp"",
        "/a/%2e%2e/mcp": "mcp 200 "/a/../mcp"",
        "/a/.%2e/mcp": "mcp 200 "/a/../mcp"",
        "/a/..%2fmcp": "rest 200 "/a/../mcp"",
        "/a/../mcp": "mcp 200 "/a/../mcp"",
        "/a/b/../../mcp": "mcp 200 "/a/b/../../mcp"",
        "/a/mcp": "rest 200 "/a/mcp"",
        "/a;/../mcp": "mcp 200 "/a;/../mcp"",
        "/a\\../mcp": "rest 200 "/a\\\\../mcp"",
        "/mc%70": "mcp 401",
        "/mcP": "rest 200 "/mcP"",
        "/mcp": "mcp 401",
        "/mcp#": "rest 200 "/mcp#"",
        "/mcp#a": "rest 200 "/mcp#a"",
        "/mcp%": "rest 400",
        "/mcp%00": "rest 200 "/mcp\\u0000"",
        "/mcp%09": "rest 200 "/mcp\\t"",
        "/mcp%0a": "rest 200 "/mcp\\n"",
        "/mcp%0d%0a": "rest 200 "/mcp\\r\\n"",
        "/mcp%2": "rest 400",
        "/mcp%20": "rest 200 "/mcp "",
        "/mcp%23": "rest 200 "/mcp#"",
        "/mcp%252F": "rest 200 "/mcp%2F"",
        "/mcp%26": "rest 200 "/mcp&"",
        "/mcp%2F": "rest 401",
        "/mcp%2f": "rest 401",
        "/mcp%3B": "rest 200 "/mcp;"",
        "/mcp%3F": "rest 401",
        "/mcp%3Fa=b": "rest 401",
        "/mcp%5c": "rest 200 "/mcp\\\\"",
        "/mcp%C2%A0": "rest 200 "/mcp "",
        "/mcp%E2%80%8B": "rest 200 "/mcp​"",
        "/mcp%c0%af": "rest 400",
        "/mcp%zz": "rest 400",
        "/mcp+": "rest 200 "/mcp+"",
        "/mcp.json": "rest 200 "/mcp.json"",
        "/mcp/": "mcp 401",
        "/mcp/%2e": "mcp 200 "/mcp/."",
        "/mcp/.": "mcp 200 "/mcp/."",
        "/mcp/..": "rest 200 "/mcp/.."",
        "/mcp/../mcp": "mcp 200 "/mcp/../mcp"",
        "/mcp/./": "mcp 200 "/mcp/./"",
        "/mcp//": "mcp 200 "/mcp//"",
        "/mcp/?a": "mcp 401",
        "/mcp/a": "rest 200 "/mcp/a"",
        "/mcp/a/..": "mcp 200 "/mcp/a/.."",
        "/mcp;": "rest 200 "/mcp;"",
        "/mcp;a=b": "rest 200 "/mcp;a=b"",
        "/mcp?": "mcp 401",
        "/mcp?a=/b/../c": "mcp 401",
        "/mcp?a=b": "mcp 401",
        "/mcp\\": "rest 200 "/mcp\\\\"",
        "/mcpx": "rest 200 "/mcpx"",
        "/mcṕ": "rest 200 "/mcṕ"",
        "\\mcp": "none 400",
        "https://mcp.example.com/mcp": "none 400",
        "mcp": "none 400",
      }
    `)
  })

  const positions: Partial<Switches>[] = [
    { edgePathMatching: 'as-sent' },
    { edgePathMatching: 'slashes-and-dots' },
    { apiPathMatching: 'as-sent' },
    { apiPathMatching: 'normalized' },
    { apiTrailingSlash: 'ignored' },
  ]
  it.each(positions)('arrive elsewhere with %j', async (switches) => {
    const differences: Record<string, string> = {}
    for (const { target } of spellings) {
      const [usual, here] = [await arrival(target), await arrival(target, switches)]
      if (usual !== here) differences[target] = `${usual} -> ${here}`
    }
    expect(differences).toMatchSnapshot()
  })

  it('give the unguarded function the path /mcp itself only where routes match before decoding', async () => {
    const exposed: string[] = []
    for (const apiPathMatching of ['decoded', 'as-sent', 'normalized'] as const)
      for (const { target } of spellings)
        if (
          /^rest 200 "\/mcp\/?"$|^mcp 200 "\/mcp\/?"$/.test(
            await arrival(target, { apiPathMatching }),
          )
        )
          exposed.push(`${apiPathMatching} ${target}`)
    expect(exposed).toMatchInlineSnapshot(`
      [
        "as-sent /mcp%2F",
        "as-sent /mcp%2f",
        "as-sent /%6dcp",
        "as-sent /%6Dcp",
        "as-sent /mc%70",
        "as-sent /%6d%63%70",
        "as-sent /%6dcp/",
        "as-sent /mcp%3F",
        "as-sent /mcp%3Fa=b",
      ]
    `)
  })
})
