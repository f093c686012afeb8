import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildCodeRedirect, buildErrorRedirect } from '../../src/protocol/authorization-response.ts'

const ISSUER = 'https://mcp.example.test'
const TARGET = { redirectUri: 'http://localhost:3334/cb', state: 'a b&c=ü', issuer: ISSUER }

describe('RFC 6749 §4.1.2 with RFC 9207 §2 the answer to the client', () => {
  test('carries code, state and iss, and nothing else', () => {
    const url = new URL(buildCodeRedirect(TARGET, 'the.code'))
    expect([...url.searchParams]).toEqual([
      ['code', 'the.code'],
      ['state', 'a b&c=ü'],
      ['iss', ISSUER],
    ])
  })

  test('an error carries error, error_description, state and iss', () => {
    const error = {
      status: 400,
      error: 'access_denied',
      description: 'The person declined',
    } as const
    expect([...new URL(buildErrorRedirect(TARGET, error)).searchParams]).toEqual([
      ['error', 'access_denied'],
      ['error_description', 'The person declined'],
      ['state', 'a b&c=ü'],
      ['iss', ISSUER],
    ])
  })

  test('sends no state where none came', () => {
    const { searchParams } = new URL(buildCodeRedirect({ ...TARGET, state: undefined }, 'c'))
    expect(searchParams.has('state')).toBe(false)
    expect(searchParams.get('iss')).toBe(ISSUER)
  })

  test.each([
    ['a path', 'http://localhost:3334/cb', 'http://localhost:3334/cb?code='],
    ['a query', 'http://localhost:3334/cb?app=1', 'http://localhost:3334/cb?app=1&code='],
    ['no path', 'http://localhost:3334', 'http://localhost:3334?code='],
    [
      'a custom scheme',
      'cursor://anysphere.cursor-mcp/cb',
      'cursor://anysphere.cursor-mcp/cb?code=',
    ],
    [
      'encodings that a serialiser would change',
      'http://localhost/a%2Fb|',
      'http://localhost/a%2Fb|?code=',
    ],
  ])('keeps a redirect_uri with %s byte for byte', (_what, redirectUri, start) => {
    expect(buildCodeRedirect({ redirectUri, issuer: ISSUER }, 'c').startsWith(start)).toBe(true)
  })

  test('whatever the state holds, it comes back as it was and adds no parameter', () => {
    const state = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(state, (text) => {
        const built = buildCodeRedirect({ ...TARGET, state: text }, 'c')
        expect(built).toMatch(/^[\x21-\x7E]+$/)
        const { searchParams } = new URL(built)
        expect([...searchParams.keys()]).toEqual(['code', 'state', 'iss'])
        expect(searchParams.get('state')).toBe(text)
      }),
    )
  })
})
