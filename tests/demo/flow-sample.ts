import type { PosternEvent } from '../../src/events.ts'

const resource = 'http://localhost:7420/mcp'
const redirectHost = 'localhost:3334'
const START = Date.parse('2026-11-25T09:30:00Z')

function signIn(client: string, clientName: string, flow: string): [number, PosternEvent][] {
  return [
    [0, { type: 'gate.refused', reason: 'token_absent', status: 401, resource }],
    [40, { type: 'metadata.served', document: 'protected-resource', resource }],
    [55, { type: 'metadata.served', document: 'authorization-server', resource }],
    [90, { type: 'client.registered', client, clientName, redirectHosts: [redirectHost] }],
    [700, { type: 'authorize.shown', flow, client, clientName, redirectHost, resource }],
    [9200, { type: 'consent.given', flow, client, redirectHost, resource }],
  ]
}

const done = { flow: '7k3mz9q0ab', client: 'c1' }
const called = {
  type: 'gate.admitted',
  subject: 'ada',
  resource,
  jti: 'j1',
  notable: true,
} as const

/** A sign-in that succeeds and one that does not, with the times at which it happens. */
export const SAMPLE: readonly [time: number, event: PosternEvent][] = [
  ...signIn('c1', 'MCP CLI Proxy', '7k3mz9q0ab'),
  [31_000, { type: 'callback.received', ...done }],
  [
    31_400,
    {
      type: 'token.issued',
      ...done,
      grant: 'authorization_code',
      subject: 'ada',
      resource,
      scope: 'mcp',
      jti: 'j1',
      expiresInSeconds: 900,
    },
  ],
  [31_480, { ...called, ...done, calls: 1, method: 'server/discover' }],
  [33_900, { ...called, ...done, calls: 3, method: 'tools/call', tool: 'whoami' }],
  ...signIn('c2', 'Inspector', '0b9x2m4tqe').map(([time, event]): [number, PosternEvent] => [
    time + 60_000,
    event,
  ]),
  [
    85_000,
    { type: 'callback.refused', flow: '0b9x2m4tqe', reason: 'idp_error', error: 'invalid_scope' },
  ],
].map(([time, event]): [number, PosternEvent] => [START + (time as number), event as PosternEvent])
