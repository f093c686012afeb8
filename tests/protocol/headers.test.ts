import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cookieNames } from '../../src/protocol/cookies.ts'
import {
  forwardableRequestHeaders,
  forwardableResponseHeaders,
  headerValues,
  type HeaderList,
} from '../../src/protocol/headers.ts'

const { isOurs } = cookieNames('https://mcp.example.test')

function request(...headers: HeaderList): [string, string][] {
  return forwardableRequestHeaders(headers, isOurs)
}

function response(...headers: HeaderList): [string, string][] {
  return forwardableResponseHeaders(headers, isOurs)
}

const HOP_BY_HOP = [
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
]

describe('RFC 9110 §7.6.1 request headers that go on', () => {
  test.each([
    ['Accept', 'application/json, text/event-stream'],
    ['Content-Type', 'application/json'],
    ['Content-Length', '12'],
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Mcp-Session-Id', 'abc'],
    ['Mcp-Param-Region', '=?base64?ZXU=?='],
    ['Mcp-Method', 'tools/call'],
    ['Last-Event-ID', '7'],
    ['traceparent', '00-1-2-03'],
    ['baggage', 'a=b'],
    ['User-Agent', 'client/1.0'],
    ['X-Custom', 'kept'],
    ['Origin', 'https://mcp.example.test'],
  ])('forwards %s unchanged', (name, value) => {
    expect(request([name, value])).toEqual([[name.toLowerCase(), value]])
  })

  test.each([...HOP_BY_HOP, 'Host', 'Expect', 'Authorization', 'AUTHORIZATION', 'authorization'])(
    'never forwards %s',
    (name) => {
      expect(request([name, 'x'], ['Accept', 'y'])).toEqual([['accept', 'y']])
    },
  )

  test.each([
    ['one header', ['Connection', 'X-Custom'], ['X-Custom', '1']],
    ['a header in other case', ['connection', 'x-custom'], ['X-CUSTOM', '1']],
    ['several headers', ['Connection', 'close, X-Other ,X-Custom'], ['X-Custom', '1']],
  ] as const)('drops what Connection nominates: %s', (_what, connection, header) => {
    expect(request(connection, header, ['Accept', 'y'])).toEqual([['accept', 'y']])
  })

  test('drops what several Connection headers nominate', () => {
    expect(
      request(['Connection', 'X-One'], ['X-One', '1'], ['Connection', 'X-Two'], ['X-Two', '2']),
    ).toEqual([])
  })

  test('keeps repeated headers apart and in order', () => {
    expect(request(['X-A', '1'], ['X-B', '2'], ['X-A', '3'])).toEqual([
      ['x-a', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
    ])
  })
})

describe('identity headers of a client are never believed', () => {
  const names = [
    'X-Forwarded-User',
    'X-Forwarded-Email',
    'X-Forwarded-Groups',
    'X-Forwarded-Preferred-Username',
    'X-Forwarded-Access-Token',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded',
    'X-Postern-Identity',
    'X-Real-IP',
    'X-Original-URL',
    'X-Amzn-Oidc-Identity',
    'X-Amzn-Oidc-Data',
    'X-Auth-Request-User',
    'X-Auth-Request-Email',
    'X-Remote-User',
    'X-User',
    'X-User-Email',
    'Remote-User',
    'Forwarded',
    'Via',
    'Authorization',
  ]
  const spellings: [string, (name: string) => string][] = [
    ['as it is', (name) => name],
    ['in lower case', (name) => name.toLowerCase()],
    ['in upper case', (name) => name.toUpperCase()],
    ['with underscores', (name) => name.replaceAll('-', '_')],
    ['with one underscore', (name) => name.replace('-', '_')],
    ['with underscores in upper case', (name) => name.replaceAll('-', '_').toUpperCase()],
    // CGI servers make an underscore of every character that is not a letter or digit.
    ['with dots', (name) => name.replaceAll('-', '.')],
    ['with other punctuation', (name) => name.replaceAll('-', '~')],
  ]
  test.each(spellings)('drops look-alikes written %s', (_how, spell) => {
    const forged = names.map((name): [string, string] => [spell(name), 'forged'])
    expect(request(...forged, ['Accept', 'y'])).toEqual([['accept', 'y']])
  })

  test.each(['X-Userland', 'X-Originality', 'Viaduct', 'X-Forwardedness', 'X-Users'])(
    'forwards %s, which only starts like one',
    (name) => {
      expect(request([name, '1'])).toHaveLength(1)
    },
  )

  test('an identity header that is nominated in Connection is dropped all the same', () => {
    expect(request(['Connection', 'X-Forwarded-User'], ['X-Forwarded-User', 'forged'])).toEqual([])
    expect(request(['Connection', 'X-Forwarded-User'], ['X_Forwarded_User', 'forged'])).toEqual([])
  })

  test('no spelling of a header survives that a server could read as one of ours', () => {
    const separator = fc.constantFrom('-', '_', '.', '~', '!', '+')
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(separator, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        (name, separators, upper) => {
          let at = 0
          const spelt = name.replaceAll('-', () => separators[at++ % 4] ?? '-')
          expect(request([upper ? spelt.toUpperCase() : spelt, 'forged'])).toEqual([])
        },
      ),
    )
  })
})

describe('RFC 6265 our cookies stay at the gate', () => {
  test.each([
    ['alone', '__Host-postern-browser=a', []],
    ['first', '__Host-postern-browser=a; x=1', ['x=1']],
    ['last', 'x=1; __Host-postern-txn-1=a', ['x=1']],
    ['between', 'x=1; __Host-postern-browser=a; y=2', ['x=1; y=2']],
    ['several', '__Host-postern-a=1;__Host-postern-b=2;y=2', ['y=2']],
    ['without value', '__Host-postern-browser; y=2', ['y=2']],
    ['not there', 'x=1; y=2', ['x=1; y=2']],
  ])('strips our cookie from a request: %s', (_where, header, kept) => {
    expect(request(['Cookie', header])).toEqual(kept.map((value) => ['cookie', value]))
  })

  test.each([
    '__Host-postern-browser=evil; Path=/; Secure',
    ' __Host-postern-browser = evil',
    '__Host-postern-txn-abc=; Max-Age=0',
    // Without a name, the value becomes the whole pair that browsers send.
    '=__Host-postern-browser=evil; Path=/',
    ' = __Host-postern-browser=evil',
    '==__Host-postern-browser=evil',
  ])('strips a Set-Cookie of the MCP server that bears our name: %s', (value) => {
    expect(response(['Set-Cookie', value], ['X-A', '1'])).toEqual([['x-a', '1']])
  })

  test('strips a nameless Set-Cookie on loopback, where no prefix protects the name', () => {
    const names = cookieNames('http://localhost:7420')
    const headers: HeaderList = [['Set-Cookie', '=postern-7420-browser=evil']]
    expect(forwardableResponseHeaders(headers, names.isOurs)).toEqual([])
  })

  test.each(['AWSALB=abc; Path=/', 'session=1', 'x=__Host-postern-browser=1', 'flag'])(
    'lets another Set-Cookie of the MCP server pass: %s',
    (value) => {
      expect(response(['Set-Cookie', value])).toEqual([['set-cookie', value]])
    },
  )
})

describe('RFC 9110 §7.6.1 response headers that go back', () => {
  test.each(HOP_BY_HOP)('never passes %s on', (name) => {
    expect(response([name, 'x'], ['Content-Type', 'a/b'])).toEqual([['content-type', 'a/b']])
  })

  test('drops what the MCP server nominates in Connection', () => {
    expect(response(['Connection', 'X-Hop'], ['x-hop', '1'], ['X-Keep', '2'])).toEqual([
      ['x-keep', '2'],
    ])
  })

  test.each(['Access-Control-Allow-Origin', 'access-control-allow-credentials'])(
    'leaves %s to the gate',
    (name) => {
      expect(response([name, '*'])).toEqual([])
    },
  )

  test.each([
    ['Mcp-Session-Id', 'abc'],
    ['Content-Encoding', 'gzip'],
    ['WWW-Authenticate', 'Bearer'],
    ['Retry-After', '3'],
    ['X-Accel-Buffering', 'no'],
  ])('passes %s on', (name, value) => {
    expect(response([name, value])).toEqual([[name.toLowerCase(), value]])
  })

  test('keeps several Set-Cookie headers apart', () => {
    expect(response(['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'])).toHaveLength(2)
  })
})

describe('RFC 9110 §5.1 header names', () => {
  test('finds every value of a header, whatever the case of its name', () => {
    const headers: HeaderList = [
      ['X-A', '1'],
      ['x-a', '2'],
      ['x-b', '3'],
    ]
    expect(headerValues(headers, 'x-a')).toEqual(['1', '2'])
  })
})
