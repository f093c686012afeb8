import { describe, expect, it } from 'vitest'
import {
  API_DOMAIN,
  behavior,
  COGNITO_DOMAIN,
  edge,
  origin,
  PUBLIC_DOMAIN,
  VIEWER_ADDRESS,
} from '../edge-fixture.ts'
import { headerValues } from '../http.ts'

const byDefault = { behaviors: [behavior({ originRequestPolicy: null })] }
const secured = (headers: { name: string; value: string }[]) => ({
  origins: [origin({ headers })],
  behaviors: [behavior()],
})

describe('origin path', () => {
  it('stands before the path as sent', async () => {
    const { send, atCognito } = edge()
    await send({ method: 'POST', target: '/token' })
    await send({ method: 'POST', target: '//token' })
    expect(atCognito.map(({ target }) => target)).toEqual(['/oauth2/token', '/oauth2//token'])
  })
})

describe('request headers without an origin request policy', () => {
  it.each([
    ['GET', 'Accept', []],
    ['GET', 'Accept-Charset', []],
    ['GET', 'Accept-Language', []],
    ['GET', 'Authorization', []],
    ['HEAD', 'Authorization', []],
    ['OPTIONS', 'Authorization', ['sent']],
    ['POST', 'Authorization', ['sent']],
    ['PUT', 'Authorization', ['sent']],
    ['PATCH', 'Authorization', ['sent']],
    ['DELETE', 'Authorization', ['sent']],
    ['GET', 'Content-Type', ['sent']],
    ['GET', 'Cookie', []],
    ['GET', 'Expect', []],
    ['GET', 'Origin', ['sent']],
    ['GET', 'Mcp-Protocol-Version', ['sent']],
    ['GET', 'Proxy-Authorization', []],
    ['GET', 'Referer', []],
    ['GET', 'TE', []],
    ['GET', 'Upgrade', []],
    ['GET', 'User-Agent', ['Amazon CloudFront']],
    ['GET', 'X-Edge-Anything', []],
    ['GET', 'X-Forwarded-Proto', []],
    ['GET', 'X-HTTP-Method-Override', []],
    ['GET', 'X-Real-IP', []],
  ])('%s %s: %j', async (method, name, expected) => {
    const { send, atApi } = edge(byDefault)
    await send({ method, headers: [[name, 'sent']] })
    expect(headerValues(atApi[0]!.headers, name)).toEqual(expected)
  })

  it('removes a header however its name is written and however often it comes', async () => {
    const { send, atApi } = edge(byDefault)
    await send({
      headers: [
        ['aUTHORIZATION', 'one'],
        ['authorization', 'two'],
        ['COOKIE', 'a=1'],
      ],
    })
    expect(headerValues(atApi[0]!.headers, 'authorization')).toEqual([])
    expect(headerValues(atApi[0]!.headers, 'cookie')).toEqual([])
  })

  it('names the origin as Host', async () => {
    const { send, atCognito } = edge()
    await send({ method: 'POST', target: '/token' })
    expect(headerValues(atCognito[0]!.headers, 'host')).toEqual([COGNITO_DOMAIN])
  })

  it('leaves the query string behind', async () => {
    const { send, atApi } = edge(byDefault)
    await send({ target: '/authorize?client_id=a' })
    expect(atApi[0]?.target).toBe('/authorize')
  })

  it('normalizes Accept-Encoding to what CloudFront decodes', async () => {
    const { send, atApi } = edge(byDefault)
    await send({ headers: [['Accept-Encoding', 'deflate, gzip, br;q=1.0']] })
    expect(headerValues(atApi[0]!.headers, 'accept-encoding')).toEqual(['br,gzip'])
  })
})

describe('managed origin request policies', () => {
  it('AllViewerExceptHostHeader sends all but Host, and the query string', async () => {
    const { send, atApi } = edge()
    const headers: [string, string][] = [
      ['Accept', 'text/event-stream'],
      ['Authorization', 'Bearer a'],
      ['Cookie', 'a=1'],
      ['User-Agent', 'mcp'],
    ]
    await send({ target: '/mcp?a=1&a=2', headers })
    const { headers: sent, target } = atApi[0]!
    for (const [name, value] of headers) expect(headerValues(sent, name)).toEqual([value])
    expect(headerValues(sent, 'host')).toEqual([API_DOMAIN])
    expect(target).toBe('/mcp?a=1&a=2')
  })

  it('AllViewer sends Host as well', async () => {
    const { send, atApi } = edge({ behaviors: [behavior({ originRequestPolicy: 'AllViewer' })] })
    await send()
    expect(headerValues(atApi[0]!.headers, 'host')).toEqual([PUBLIC_DOMAIN])
  })

  it('is known by its id as well', async () => {
    const { send, atApi } = edge({
      behaviors: [
        behavior({
          cachePolicy: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          originRequestPolicy: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
        }),
      ],
    })
    await send({ target: '/?q' })
    expect(atApi[0]?.target).toBe('/?q')
  })
})

describe('what CloudFront adds', () => {
  it('appends the address of the viewer to X-Forwarded-For', async () => {
    const { send, atApi } = edge()
    await send({
      headers: [
        ['X-Forwarded-For', '192.0.2.4,192.0.2.3'],
        ['x-forwarded-for', '10.0.0.1'],
      ],
    })
    expect(headerValues(atApi[0]!.headers, 'x-forwarded-for')).toEqual([
      `192.0.2.4,192.0.2.3,10.0.0.1,${VIEWER_ADDRESS}`,
    ])
  })

  it('shows the origin an address of its own', async () => {
    const { send, atApi } = edge()
    await send()
    expect(atApi[0]?.clientAddress).not.toBe(VIEWER_ADDRESS)
  })

  it('appends to Via and replaces a X-Amz-Cf-Id of the viewer', async () => {
    const { send, atApi } = edge()
    await send({
      headers: [
        ['Via', '1.1 proxy'],
        ['X-Amz-Cf-Id', 'forged'],
      ],
    })
    expect(headerValues(atApi[0]!.headers, 'via')[0]).toMatch(/^1\.1 proxy, 1\.1 .*cloudfront/)
    const ids = headerValues(atApi[0]!.headers, 'x-amz-cf-id')
    expect(ids).toHaveLength(1)
    expect(ids).not.toContain('forged')
  })
})

describe('Add custom headers to origin requests', () => {
  it('overwrites every header of that name that the viewer sent', async () => {
    const { send, atApi } = edge(secured([{ name: 'x-origin-verify', value: 'secret' }]))
    await send({
      headers: [
        ['X-Origin-Verify', 'guess'],
        ['x-origin-verify', 'another'],
        ['X_Origin_Verify', 'look-alike'],
      ],
    })
    expect(headerValues(atApi[0]!.headers, 'x-origin-verify')).toEqual(['secret'])
    expect(headerValues(atApi[0]!.headers, 'x_origin_verify')).toEqual(['look-alike'])
  })

  it('lets no viewer keep another header, whatever row 1 turns out to be', async () => {
    const { send, atApi } = edge(secured([{ name: 'x-origin-verify', value: 'secret' }]), {
      switches: { authorizationHeaderOverride: 'viewer-wins' },
    })
    await send({ headers: [['x-origin-verify', 'guess']] })
    expect(headerValues(atApi[0]!.headers, 'x-origin-verify')).toEqual(['secret'])
  })

  it.each([
    ['overrides', ['Basic injected']],
    ['viewer-wins', ['Bearer sent']],
  ] as const)('Authorization against the viewer, row 1: %s', async (position, expected) => {
    const { send, atApi } = edge(
      { ...secured([{ name: 'authorization', value: 'Basic injected' }]), ...byDefault },
      { switches: { authorizationHeaderOverride: position } },
    )
    await send({ method: 'POST', headers: [['Authorization', 'Bearer sent']] })
    expect(headerValues(atApi[0]!.headers, 'authorization')).toEqual(expected)
  })

  it.each(['overrides', 'viewer-wins'] as const)(
    'Authorization alone is there in both positions: %s',
    async (position) => {
      const { send, atApi } = edge(
        { ...secured([{ name: 'authorization', value: 'Basic injected' }]), ...byDefault },
        { switches: { authorizationHeaderOverride: position } },
      )
      await send({ method: 'POST' })
      expect(headerValues(atApi[0]!.headers, 'authorization')).toEqual(['Basic injected'])
    },
  )
})
