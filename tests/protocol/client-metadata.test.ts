import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { validateClientMetadata } from '../../src/protocol/client-metadata.ts'

const POLICY = { exact: new Set(['https://example.com/cb']), oneSegmentAfter: [] }
const LOOPBACK = 'http://localhost:3334/oauth/callback'

function validate(changes: Record<string, unknown>): ReturnType<typeof validateClientMetadata> {
  return validateClientMetadata({ redirect_uris: [LOOPBACK], ...changes }, POLICY)
}

describe('RFC 7591 §2 client metadata', () => {
  test.each<[string, Record<string, unknown>]>([
    ['redirect_uris alone', {}],
    [
      'what mcp-remote sends',
      {
        client_name: 'MCP CLI Proxy',
        client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        application_type: 'native',
        scope: 'openid email profile',
        software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      },
    ],
    [
      'grants that are not supported besides the code',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
    ],
    ['response types besides the code', { response_types: ['code', 'token'] }],
    [
      'another authentication method, which the answer replaces by none',
      { token_endpoint_auth_method: 'client_secret_post' },
    ],
    ['unknown members', { anything: { at: ['all'] }, 'client_name#ja': 'x' }],
    [
      'nulls for what is absent',
      {
        client_uri: null,
        client_name: null,
        grant_types: null,
        response_types: null,
        token_endpoint_auth_method: null,
      },
    ],
    [
      'web URLs',
      {
        client_uri: 'https://example.com',
        logo_uri: 'http://example.com/l.png',
        policy_uri: 'https://example.com/p',
        tos_uri: 'HTTPS://example.com/t',
        jwks_uri: 'https://example.com/j',
      },
    ],
  ])('accepts %s', (_what, metadata) => {
    expect(validate(metadata)).toMatchObject({ ok: true, value: { redirectUris: [LOOPBACK] } })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'x'],
    ['a number', 1],
    ['an array', [LOOPBACK]],
  ])('refuses %s for a body', (_what, body) => {
    expect(validateClientMetadata(body, POLICY)).toEqual({
      ok: false,
      failure: { reason: 'registration_not_json' },
    })
  })

  test.each<[string, Record<string, unknown>, string, string]>([
    [
      'grant_types as a string',
      { grant_types: 'authorization_code' },
      'grant_types',
      'must be an array of strings',
    ],
    [
      'grant_types with a number',
      { grant_types: ['authorization_code', 1] },
      'grant_types',
      'must be an array of strings',
    ],
    [
      'grant_types without the code',
      { grant_types: ['client_credentials'] },
      'grant_types',
      'must include authorization_code',
    ],
    ['empty grant_types', { grant_types: [] }, 'grant_types', 'must include authorization_code'],
    [
      'only the implicit response type',
      { response_types: ['token'] },
      'response_types',
      'must include code',
    ],
    [
      'response_types as an object',
      { response_types: {} },
      'response_types',
      'must be an array of strings',
    ],
    [
      'an authentication method that is a number',
      { token_endpoint_auth_method: 1 },
      'token_endpoint_auth_method',
      'must be a string',
    ],
    ['a client_name that is an object', { client_name: {} }, 'client_name', 'must be a string'],
  ])('refuses %s and names the field', (_what, metadata, field, detail) => {
    expect(validate(metadata)).toEqual({
      ok: false,
      failure: { reason: 'client_metadata_invalid', field, detail },
    })
  })

  const fields = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'jwks_uri']
  const values = [
    'javascript:alert(1)',
    'JaVaScRiPt://example.com/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'DATA:image/svg+xml;base64,PHN2Zz4=',
    'vbscript:x',
    'file:///etc/passwd',
    ' https://example.com',
    'java\nscript:alert(1)',
    '//example.com',
    'example.com',
    'https://',
    '',
    1,
    {},
    ['https://example.com'],
  ]
  test.each(fields.flatMap((field) => values.map((value): [string, unknown] => [field, value])))(
    'refuses %s %j',
    (field, value) => {
      expect(validate({ [field]: value })).toEqual({
        ok: false,
        failure: {
          reason: 'client_metadata_invalid',
          field,
          detail: 'must be an http or https URL',
        },
      })
    },
  )

  test.each([
    ['cleans a name', ' Clau\u200Bde\u202E ', { name: 'Claude' }],
    ['keeps no name where none is left', '\u200B', {}],
  ])('%s', (_what, client_name, expected) => {
    expect(validate({ client_name })).toEqual({
      ok: true,
      value: { redirectUris: [LOOPBACK], ...expected },
    })
  })
})

describe('RFC 7591 §2 redirect_uris', () => {
  test.each<[string, string[], string[]]>([
    ['several', [LOOPBACK, 'https://example.com/cb'], [LOOPBACK, 'https://example.com/cb']],
    [
      'the allowed ones of a mixed list, in order',
      [
        'https://evil.test/',
        'https://example.com/cb',
        'javascript:x',
        'https://evil.test/cb',
        LOOPBACK,
      ],
      ['https://example.com/cb', LOOPBACK],
    ],
    ['one of two equal ones', [LOOPBACK, LOOPBACK], [LOOPBACK]],
  ])('keeps %s', (_what, redirect_uris, kept) => {
    expect(validate({ redirect_uris })).toEqual({ ok: true, value: { redirectUris: kept } })
  })

  test.each<[string, unknown, string]>([
    ['no list', undefined, 'redirect_uris_missing'],
    ['null', null, 'redirect_uris_missing'],
    ['an empty list', [], 'redirect_uris_missing'],
    ['a string', LOOPBACK, 'redirect_uris_missing'],
    ['a number in the list', [LOOPBACK, 1], 'redirect_uris_missing'],
    ['33 entries', Array.from({ length: 33 }, () => LOOPBACK), 'redirect_uris_too_many'],
    ['none that is allowed', ['https://evil.test/cb'], 'redirect_uri_refused'],
    ['none that is well-formed', ['javascript:alert(1)'], 'redirect_uri_refused'],
  ])('refuses %s', (_what, redirect_uris, reason) => {
    expect(validate({ redirect_uris })).toMatchObject({ ok: false, failure: { reason } })
  })

  test('accepts 32 entries', () => {
    expect(validate({ redirect_uris: Array.from({ length: 32 }, () => LOOPBACK) }).ok).toBe(true)
  })

  test('tells of the first refused entry, without repeating it', () => {
    expect(validate({ redirect_uris: ['javascript:alert(1)', 'https://evil.test/cb'] })).toEqual({
      ok: false,
      failure: {
        reason: 'redirect_uri_refused',
        index: 0,
        detail: 'has a scheme that can run or read content',
      },
    })
    expect(validate({ redirect_uris: ['https://evil.test/cb'] })).toMatchObject({
      failure: { index: 0, detail: expect.stringContaining('is not allowed here') as string },
    })
  })

  test('never throws on any JSON, and keeps only allowed redirect URIs', () => {
    const known = [LOOPBACK, 'https://example.com/cb']
    const member = fc.constantFrom('redirect_uris', 'client_name', 'grant_types', 'logo_uri')
    const uris = fc.array(fc.oneof(fc.webUrl(), fc.constantFrom(...known)))
    fc.assert(
      fc.property(fc.dictionary(member, fc.oneof(fc.jsonValue(), uris)), (body) => {
        const valid = validateClientMetadata(body, POLICY)
        return !valid.ok || valid.value.redirectUris.every((uri) => known.includes(uri))
      }),
    )
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        validateClientMetadata(body, POLICY)
      }),
    )
  })
})
