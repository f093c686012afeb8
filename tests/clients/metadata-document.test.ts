import { describe, expect, test } from 'vitest'
import { parseMetadataDocument } from '../../src/clients/metadata-document.ts'
import { findPinnedDocument, PINNED_DOCUMENTS } from '../../src/clients/pinned-documents.ts'
import { CLIENTS } from '../../src/clients/known-clients-details.ts'

const URL_OF_IT = 'https://app.example/oauth/client.json'
const VALID = {
  client_id: URL_OF_IT,
  client_name: 'App',
  redirect_uris: ['http://localhost/callback'],
  token_endpoint_auth_method: 'none',
}
const EC_KEY = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: '1' }

function read(changes: Record<string, unknown>): unknown {
  const parsed = parseMetadataDocument({ ...VALID, ...changes }, URL_OF_IT)
  return parsed.ok ? 'accepted' : parsed.failure
}

describe('draft-ietf-oauth-client-id-metadata-document-02 §4: the document', () => {
  test('yields name, redirect URIs and how the client authenticates', () => {
    expect(parseMetadataDocument(VALID, URL_OF_IT)).toEqual({
      ok: true,
      value: {
        name: 'App',
        redirectUris: ['http://localhost/callback'],
        authentication: { method: 'none' },
      },
    })
  })

  test.each<[string, Record<string, unknown>]>([
    ['nothing else', {}],
    ['members that nobody knows', { software_id: 'x', 'x-y': [1] }],
    ['members that are null', { client_uri: null, logo_uri: null, jwks: null, grant_types: null }],
    ['no authentication method', { token_endpoint_auth_method: undefined }],
    [
      'grants that are not offered here, as VS Code’s',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
    ],
    ['addresses on the web', { client_uri: 'https://app.example', logo_uri: 'https://8.8.8.8/l' }],
    [
      'keys of its own',
      { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [EC_KEY] } },
    ],
    [
      'keys elsewhere',
      { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://keys.example/jwks' },
    ],
  ])('may have %s', (_what, changes) => {
    expect(read(changes)).toBe('accepted')
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['the client_id of another', { client_id: 'https://claude.ai/c' }, 'client_id other than'],
    ['a client_id spelled otherwise', { client_id: `${URL_OF_IT}/` }, 'client_id other than'],
    ['no client_id', { client_id: undefined }, 'no valid client_id'],
    ['no name', { client_name: undefined }, 'no valid client_name'],
    ['a name of nothing visible', { client_name: '\u200b' }, 'no valid client_name'],
    ['no redirect URIs', { redirect_uris: [] }, 'no valid redirect_uris'],
    ['redirect URIs that are no texts', { redirect_uris: [1] }, 'no valid redirect_uris'],
    ['too many redirect URIs', { redirect_uris: Array(33).fill('x') }, 'no valid redirect_uris'],
    ['a secret', { client_secret: 'x' }, 'a client secret'],
    ['an expiry of a secret', { client_secret_expires_at: 0 }, 'a client secret'],
    ...['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'tls_client_auth'].map(
      (method): [string, Record<string, unknown>, string] => [
        method,
        { token_endpoint_auth_method: method },
        'other than none and private_key_jwt',
      ],
    ),
    ['other grants only', { grant_types: ['client_credentials'] }, 'without authorization_code'],
    ['other responses only', { response_types: ['token'] }, 'without code'],
    ['a script as logo', { logo_uri: 'javascript:alert(1)' }, 'a logo_uri'],
    ['data as logo', { logo_uri: 'data:text/html,x' }, 'a logo_uri'],
    ['a logo of the cloud', { logo_uri: 'http://169.254.169.254/latest' }, 'a logo_uri'],
    ['a logo on loopback', { logo_uri: 'https://[::1]/l' }, 'a logo_uri'],
    ['a logo on mapped loopback', { logo_uri: 'https://[::ffff:127.0.0.1]/' }, 'a logo_uri'],
    ['a page on an octal address', { client_uri: 'http://0177.0.0.1/' }, 'a client_uri'],
    ['terms on localhost', { tos_uri: 'http://localhost/t' }, 'a tos_uri'],
    ['a policy on a printer', { policy_uri: 'http://printer.local/' }, 'a policy_uri'],
  ])('cannot have %s', (_what, changes, why) => {
    expect(read(changes)).toContain(why)
  })

  test.each([null, 'text', 7, [VALID], undefined])('cannot be %j', (json) => {
    expect(parseMetadataDocument(json, URL_OF_IT).ok).toBe(false)
  })
})

describe('draft-02 §8.2: a document that demands private_key_jwt', () => {
  const keys = (changes: Record<string, unknown>): unknown =>
    read({ token_endpoint_auth_method: 'private_key_jwt', ...changes })

  test.each<[string, Record<string, unknown>, string]>([
    ['no keys', {}, 'neither jwks nor jwks_uri'],
    [
      'keys in two places',
      { jwks: { keys: [EC_KEY] }, jwks_uri: 'https://keys.example/jwks' },
      'both jwks and jwks_uri',
    ],
    ['an empty set', { jwks: { keys: [] } }, 'no valid jwks'],
    ['a private key', { jwks: { keys: [{ ...EC_KEY, d: 'd' }] } }, 'no valid jwks'],
    ['a shared key', { jwks: { keys: [{ kty: 'oct', k: 'k' }] } }, 'no valid jwks'],
    ['keys over http', { jwks_uri: 'http://keys.example/jwks' }, 'a jwks_uri'],
    ['keys at an address', { jwks_uri: 'https://10.0.0.1/jwks' }, 'a jwks_uri'],
    ['keys on localhost', { jwks_uri: 'https://localhost/jwks' }, 'a jwks_uri'],
    ['keys at another port', { jwks_uri: 'https://keys.example:6443/jwks' }, 'a jwks_uri'],
    ['keys in a file', { jwks_uri: 'file:///etc/jwks' }, 'a jwks_uri'],
    [
      'a shared-secret algorithm',
      { jwks: { keys: [EC_KEY] }, token_endpoint_auth_signing_alg: 'HS256' },
      'signing_alg',
    ],
    [
      'no signature',
      { jwks: { keys: [EC_KEY] }, token_endpoint_auth_signing_alg: 'none' },
      'signing_alg',
    ],
  ])('cannot have %s', (_what, changes, why) => {
    expect(keys(changes)).toContain(why)
  })

  test('hands on of a key what a public key consists of', () => {
    const nested = JSON.parse(`${'['.repeat(2000)}${']'.repeat(2000)}`) as unknown
    const document = {
      ...VALID,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...EC_KEY, x5c: nested, more: nested }] },
    }
    expect(parseMetadataDocument(document, URL_OF_IT)).toMatchObject({
      value: { authentication: { keys: { jwks: { keys: [EC_KEY] } } } },
    })
    const parsed = parseMetadataDocument(document, URL_OF_IT)
    expect(JSON.stringify(parsed)).not.toContain('x5c')
  })

  test('is held to the algorithm that it names', () => {
    const document = {
      ...VALID,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'RS256',
      jwks_uri: 'https://keys.example/jwks',
    }
    expect(parseMetadataDocument(document, URL_OF_IT)).toMatchObject({
      value: { authentication: { algorithms: ['RS256'] } },
    })
  })
})

describe('the copies of well-known documents', () => {
  test.each(PINNED_DOCUMENTS.map(({ client_id: id }) => id.replace('{id}', 'AbC_12-x')))(
    '%s is a valid document of its URL',
    (clientId) => {
      const document = findPinnedDocument(clientId)
      expect(parseMetadataDocument(document, clientId)).toMatchObject({ ok: true })
    },
  )

  test.each(CLIENTS.filter((client) => client.optIn !== true && client.clientMetadataDocument))(
    'there is one of $name',
    ({ clientMetadataDocument }) => {
      expect(findPinnedDocument(clientMetadataDocument ?? '')).toBeDefined()
    },
  )

  test('an id is filled in where the document has one', () => {
    const document = findPinnedDocument('https://chatgpt.com/oauth/codex/N4av5z/client.json')
    expect(document).toMatchObject({
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1/callback/N4av5z', 'http://localhost/callback/N4av5z'],
    })
    expect(findPinnedDocument('https://chatgpt.com/oauth/codex/client.json')).toMatchObject({
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
    })
  })

  test.each([
    'https://chatgpt.com/oauth/a/b/client.json',
    'https://chatgpt.com/oauth//client.json',
    'https://chatgpt.com/oauth/a%2Fb/client.json',
    'https://chatgpt.com/oauth/a/client.json/',
    'https://chatgpt.com.evil.example/oauth/client.json',
    'https://claude.ai/share/client.json',
  ])('%s is nobody’s', (clientId) => {
    expect(findPinnedDocument(clientId)).toBeUndefined()
  })
})
