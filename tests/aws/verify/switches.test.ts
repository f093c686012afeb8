import { describe, expect, test } from 'vitest'
import type { Position } from '../../../src/aws/verify/finding.ts'
import { verify, type Report } from '../../../src/aws/verify/verify.ts'
import {
  CHALLENGE,
  createSmallWorld,
  MCP_URL,
  type Meddle,
  type SmallWorldOptions,
} from './small-world.ts'

async function reportOn(options: SmallWorldOptions): Promise<Report> {
  const world = await createSmallWorld(options)
  return verify(MCP_URL, world.ports)
}

const positionOf = (report: Report, name: string): Position =>
  report.positions.find((position) => position.switch === name)!
const codes = (report: Report): string[] => report.findings.map(({ code }) => code)

describe('a deployment with nothing to mend', () => {
  test.each([
    ['relay with a public client', {}, 'relay'],
    ['relay whose edge adds the secret', { secret: 'edge' }, 'relay'],
    ['broker', { mode: 'broker' }, 'broker'],
  ] as [string, SmallWorldOptions, string][])('%s has no findings', async (_, options, mode) => {
    const report = await reportOn(options)
    expect([report.mode, report.findings]).toEqual([mode, []])
    expect(report.positions.map(({ row }) => row)).toEqual([1, 2, 3, 4, 4, 6, 7, 8, 9, 10])
    for (const { position, wouldTell } of report.positions)
      expect(position === null).toBe(wouldTell !== null)
  })
})

describe('row 1, the edge’s Authorization against the client’s own', () => {
  test('tells that it overrides', async () => {
    const report = await reportOn({ secret: 'edge' })
    expect(positionOf(report, 'authorizationHeaderOverride').position).toBe('overrides')
  })

  test('tells that the viewer’s wins, and proposes a public client', async () => {
    const report = await reportOn({
      secret: 'edge',
      meddle: (request, answer) =>
        new URL(request.url).pathname === '/token' && request.headers.has('authorization')
          ? Response.json({ error: 'invalid_client' }, { status: 400 })
          : answer(),
    })
    expect(positionOf(report, 'authorizationHeaderOverride').position).toBe('viewer-wins')
    expect(codes(report)).toEqual(['EDGE_SECRET_OVERRULED'])
    expect(report.findings[0]?.fix).toContain("clientAuthentication: 'public'")
  })

  test.each([{}, { tokenPath: 'function' }, { mode: 'broker' }] as SmallWorldOptions[])(
    'cannot be told where the edge adds no secret: %o',
    async (options) => {
      const position = positionOf(await reportOn(options), 'authorizationHeaderOverride')
      expect([position.position, position.wouldTell]).toEqual([
        null,
        expect.stringContaining("clientAuthentication: 'edge'"),
      ])
    },
  )

  test('an app client whose secret nobody sends is an error', async () => {
    const report = await reportOn({ secret: 'nobody' })
    expect(codes(report)).toEqual(['TOKEN_REFUSES_CLIENT'])
  })
})

/** An authorizer in front, and a response headers policy that works on every answer or on good ones. */
const guarded =
  (policy: 'applied' | 'skipped' | 'none'): Meddle =>
  async (request, answer) => {
    const response = await answer()
    if (!new URL(request.url).pathname.startsWith('/mcp')) return response
    const refused = new Response(
      request.method === 'HEAD' || response.status === 204 ? null : '{"message":"Unauthorized"}',
      response,
    )
    refused.headers.set('www-authenticate', 'Bearer')
    if (response.status === 204) refused.headers.delete('www-authenticate')
    if (policy === 'applied' || (policy === 'skipped' && response.status < 400))
      refused.headers.set('www-authenticate', CHALLENGE)
    return refused
  }

describe('row 2, a response headers policy on a 401', () => {
  test('tells that it is applied', async () => {
    const report = await reportOn({ mode: 'broker', meddle: guarded('applied') })
    expect(positionOf(report, 'headersPolicyOnErrors').position).toBe('applied')
    expect(report.findings).toEqual([])
  })

  test('tells that it is skipped, and proposes to let the function refuse', async () => {
    const report = await reportOn({ mode: 'broker', meddle: guarded('skipped') })
    expect(positionOf(report, 'headersPolicyOnErrors').position).toBe('skipped')
    expect(codes(report)).toEqual(['CHALLENGE_NOT_ADDED'])
    expect(report.findings[0]?.where).toContain(`HEAD ${MCP_URL}, POST ${MCP_URL}`)
    expect(report.findings[0]?.fix).toContain("defence: 'lambda'")
  })

  test('cannot be told where the edge has no policy, and that alone is a finding', async () => {
    const report = await reportOn({ mode: 'broker', meddle: guarded('none') })
    expect(positionOf(report, 'headersPolicyOnErrors').position).toBeNull()
    expect(codes(report)).toEqual(['CHALLENGE_NOT_ADDED'])
    expect(report.findings[0]?.fix).toContain("defence: 'both'")
  })

  test('cannot be told where the function refuses', async () => {
    const report = await reportOn({ mode: 'broker' })
    expect(positionOf(report, 'headersPolicyOnErrors').position).toBeNull()
  })

  test.each([
    ['applied', (): boolean => false],
    ['skipped', (status: number): boolean => status >= 400],
    [null, (): boolean => true],
  ] as [string | null, (status: number) => boolean][])(
    'in relay Cognito’s request id on /token tells %s as well',
    async (position, hasRequestId) => {
      const report = await reportOn({
        meddle: async (request, answer) => {
          if (new URL(request.url).pathname !== '/token') return answer()
          const isPreflight = request.method === 'OPTIONS'
          const response = isPreflight ? new Response(null, { status: 200 }) : await answer()
          if (hasRequestId(response.status)) response.headers.set('x-amz-cognito-request-id', 'r')
          return response
        },
      })
      expect(positionOf(report, 'headersPolicyOnErrors').position).toBe(position)
    },
  )
})

describe('row 3, WWW-Authenticate through an HTTP API', () => {
  test('tells that it passes', async () => {
    expect(positionOf(await reportOn({}), 'httpApiRemapsWwwAuthenticate').position).toBe('false')
  })

  test('tells that it is renamed, and proposes to let the edge add it', async () => {
    const report = await reportOn({
      meddle: async (_, answer) => {
        const response = await answer()
        const value = response.headers.get('www-authenticate')
        response.headers.delete('www-authenticate')
        if (value !== null) response.headers.set('x-amzn-remapped-www-authenticate', value)
        return response
      },
    })
    expect(positionOf(report, 'httpApiRemapsWwwAuthenticate').position).toBe('true')
    expect(codes(report)).toEqual(['CHALLENGE_REMAPPED'])
    expect(report.findings[0]?.fix).toContain("defence: 'both'")
  })

  test('cannot be told behind an authorizer', async () => {
    const report = await reportOn({ mode: 'broker', meddle: guarded('applied') })
    expect(positionOf(report, 'httpApiRemapsWwwAuthenticate').position).toBeNull()
  })
})

describe('row 4, resource', () => {
  test.each([
    ['ignored', 'ignored'],
    ['invalid-request', 'invalid-request'],
  ] as const)('tells that the token endpoint is %s', async (resourceAtToken, position) => {
    for (const options of [{}, { secret: 'edge' }, { mode: 'broker' }] as SmallWorldOptions[]) {
      const report = await reportOn({ ...options, pool: { resourceAtToken } })
      expect(positionOf(report, 'resourceAtToken').position).toBe(position)
    }
  })

  test('a relay whose token endpoint rejects it fails by name, with the way out', async () => {
    const report = await reportOn({ pool: { resourceAtToken: 'invalid-request' } })
    expect(codes(report)).toEqual(['TOKEN_REJECTS_RESOURCE'])
    expect(report.findings[0]).toMatchObject({
      level: 'error',
      fix: expect.stringMatching(/tokenPath: 'function'.*token_path = "function"/),
    })
  })

  test.each([{ tokenPath: 'function' }, { mode: 'broker' }] as SmallWorldOptions[])(
    'is no matter where a function takes it off: %o',
    async (options) => {
      const report = await reportOn({ ...options, pool: { resourceAtToken: 'invalid-request' } })
      expect(report.findings.filter(({ level }) => level === 'error')).toEqual([])
    },
  )

  test('at authorize only --login can settle what an unregistered URL is worth', async () => {
    const position = positionOf(await reportOn({}), 'resourceBinding')
    expect(position).toMatchObject({ position: null, wouldTell: '--login, in relay' })
  })
})

describe('row 7, an unknown scope', () => {
  test.each([
    'redirect-with-description',
    'redirect-invalid-scope',
    'error-page',
    'ignored',
  ] as const)('tells %s', async (invalidScope) => {
    for (const mode of ['relay', 'broker'] as const) {
      const report = await reportOn({ mode, pool: { invalidScope } })
      expect(positionOf(report, 'invalidScope').position).toBe(invalidScope)
    }
  })
})

describe('row 8, IPv6', () => {
  test.each([
    ['present', async () => ['2600:9000::1']],
    ['absent', async () => []],
    [null, () => Promise.reject(new Error('SERVFAIL'))],
  ] as [string | null, () => Promise<string[]>][])('tells %s', async (position, aaaa) => {
    expect(positionOf(await reportOn({ aaaa }), 'cognitoAaaa').position).toBe(position)
  })
})

describe('row 9, the public host name at the API', () => {
  test('tells that the API refuses it, and proposes the origin request policy', async () => {
    const report = await reportOn({
      meddle: () => Response.json({ message: 'Forbidden' }, { status: 403 }),
    })
    expect(positionOf(report, 'hostForwarding').position).toBe('refused')
    expect(report.findings.find(({ code }) => code === 'API_REFUSES_HOST')?.fix).toContain(
      'AllViewerExceptHostHeader',
    )
  })

  test('cannot be told where the API answers', async () => {
    expect(positionOf(await reportOn({}), 'hostForwarding').position).toBeNull()
  })
})

describe('row 10, a client_secret beside the edge’s Basic', () => {
  test('tells that Basic wins', async () => {
    const report = await reportOn({ secret: 'edge' })
    expect(positionOf(report, 'basicAndBodySecret').position).toBe('basic-wins')
  })

  test('tells that both are refused, and proposes a public client', async () => {
    const report = await reportOn({
      secret: 'edge',
      pool: { basicAndBodySecret: 'invalid-request' },
    })
    expect(positionOf(report, 'basicAndBodySecret').position).toBe('invalid-request')
    expect(codes(report)).toEqual(['BODY_SECRET_REFUSED'])
    expect(report.findings[0]?.fix).toContain('client_authentication = "public"')
  })
})
