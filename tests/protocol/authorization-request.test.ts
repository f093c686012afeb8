import { describe, expect, test } from 'vitest'
import {
  proveRedirectUri,
  validateAuthorizationRequest,
} from '../../src/protocol/authorization-request.ts'

const REDIRECT_URI = 'http://localhost:3334/oauth/callback'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const MCP = { url: 'https://mcp.example.test/mcp', scopes: ['mcp', 'admin'] }
const OTHER = { url: 'https://mcp.example.test/other', scopes: ['other'] }

type Changes = Record<string, string | undefined>

function parametersOf(changes: Changes): Map<string, string> {
  const all: Changes = {
    response_type: 'code',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  }
  return new Map(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function validate(
  changes: Changes,
  resources: readonly (typeof MCP)[] = [MCP],
): ReturnType<typeof validateAuthorizationRequest> {
  return validateAuthorizationRequest(parametersOf(changes), REDIRECT_URI, resources)
}

describe('RFC 6749 §4.1.2.1 phase 1: nothing is redirected before this has passed', () => {
  test.each<[string, string | undefined, string | undefined]>([
    ['the registered redirect_uri', REDIRECT_URI, undefined],
    ['another loopback port', 'http://localhost:51000/oauth/callback', undefined],
    ['no redirect_uri, even with one registered', undefined, 'redirect_uri_missing'],
    ['another host', 'https://evil.test/oauth/callback', 'redirect_uri_mismatch'],
    ['a trailing slash', `${REDIRECT_URI}/`, 'redirect_uri_mismatch'],
    ['another loopback literal', 'http://127.0.0.1:3334/oauth/callback', 'redirect_uri_mismatch'],
  ])('%s', (_what, redirect_uri, reason) => {
    const parameters = new Map(redirect_uri === undefined ? [] : [['redirect_uri', redirect_uri]])
    expect(proveRedirectUri(parameters, [REDIRECT_URI])).toEqual(
      reason === undefined ? { ok: true, value: redirect_uri } : { ok: false, failure: { reason } },
    )
  })

  test('a client without redirect URIs proves nothing', () => {
    expect(proveRedirectUri(new Map([['redirect_uri', REDIRECT_URI]]), []).ok).toBe(false)
  })
})

describe('OAuth 2.1 §4.1.1 phase 2', () => {
  test('yields what the request asks for', () => {
    expect(validate({ state: 'abc', scope: 'admin openid', resource: `${MCP.url}/` })).toEqual({
      ok: true,
      value: {
        redirectUri: REDIRECT_URI,
        state: 'abc',
        codeChallenge: CHALLENGE,
        resource: MCP.url,
        scope: 'admin',
      },
    })
  })

  test.each<[string, Changes]>([
    ['no state', { state: undefined }],
    ['no scope', { scope: undefined }],
    ['only unknown scopes', { scope: 'openid email profile' }],
    ['response_mode query', { response_mode: 'query' }],
    ['parameters nobody knows', { prompt: 'consent', nonce: 'x', utm_source: 'y' }],
    ['no resource, with one configured', { resource: undefined }],
    ['the resource in upper case', { resource: 'HTTPS://MCP.EXAMPLE.TEST/mcp' }],
    ['a state of 1024 bytes', { state: 'é'.repeat(512) }],
    ['a scope of 1024 bytes', { scope: 'a'.repeat(1024) }],
  ])('accepts %s', (_what, changes) => {
    expect(validate(changes)).toMatchObject({ ok: true, value: { resource: MCP.url } })
  })

  test('leaves out a state that was not sent, and gives the default scope', () => {
    const valid = validate({})
    expect(valid.ok && Object.keys(valid.value)).not.toContain('state')
    expect(valid).toMatchObject({ value: { scope: 'mcp admin' } })
  })

  test.each<[string, Changes, string]>([
    ['a request object', { request: 'x' }, 'request_object_unsupported'],
    ['a request_uri', { request_uri: 'urn:x' }, 'request_uri_unsupported'],
    ['no response_type', { response_type: undefined }, 'response_type_missing'],
    ['response_type token', { response_type: 'token' }, 'response_type_unsupported'],
    ['response_type code token', { response_type: 'code token' }, 'response_type_unsupported'],
    ['response_type in upper case', { response_type: 'CODE' }, 'response_type_unsupported'],
    ['response_mode fragment', { response_mode: 'fragment' }, 'response_mode_unsupported'],
    ['response_mode form_post', { response_mode: 'form_post' }, 'response_mode_unsupported'],
    [
      'no PKCE',
      { code_challenge: undefined, code_challenge_method: undefined },
      'code_challenge_missing',
    ],
    ['PKCE plain', { code_challenge_method: 'plain' }, 'code_challenge_method_unsupported'],
    [
      'PKCE without method, which means plain',
      { code_challenge_method: undefined },
      'code_challenge_method_unsupported',
    ],
    [
      'PKCE with the method in lower case',
      { code_challenge_method: 's256' },
      'code_challenge_method_unsupported',
    ],
    [
      'a challenge of 42 characters',
      { code_challenge: CHALLENGE.slice(1) },
      'code_challenge_malformed',
    ],
    ['a challenge with padding', { code_challenge: `${CHALLENGE}=` }, 'code_challenge_malformed'],
    ['an unknown resource', { resource: 'https://evil.test/mcp' }, 'resource_unknown'],
    ['a resource that is no URL', { resource: 'mcp' }, 'resource_unknown'],
    ['a resource with a fragment', { resource: `${MCP.url}#x` }, 'resource_unknown'],
    ['a path below the resource', { resource: `${MCP.url}/x` }, 'resource_unknown'],
    ['a state of 1025 bytes', { state: 'a'.repeat(1025) }, 'state_too_large'],
    [
      'a state of 1024 characters and more bytes',
      { state: `${'a'.repeat(1023)}é` },
      'state_too_large',
    ],
    ['a scope of 1025 bytes', { scope: 'a'.repeat(1025) }, 'scope_too_large'],
  ])('refuses %s', (_what, changes, reason) => {
    expect(validate(changes)).toEqual({ ok: false, failure: { reason } })
  })
})

describe('RFC 8707 §2 several resources', () => {
  test('each is found by its own identifier, with its own scopes', () => {
    expect(validate({ resource: OTHER.url, scope: 'mcp' }, [MCP, OTHER])).toMatchObject({
      value: { resource: OTHER.url, scope: 'other' },
    })
  })

  test('without resource it is not guessed', () => {
    expect(validate({}, [MCP, OTHER])).toEqual({
      ok: false,
      failure: { reason: 'resource_missing' },
    })
  })

  test('an identifier that is no URL never matches one that is not either', () => {
    expect(validate({ resource: 'x' }, [{ url: 'y', scopes: [] }]).ok).toBe(false)
  })
})
