import { describe, expect, test } from 'vitest'
import {
  buildAuthorizationServerMetadata,
  buildProtectedResourceMetadata,
  PATHS,
  protectedResourceMetadataUrl,
} from '../../src/protocol/metadata.ts'

const ISSUER = 'https://mcp.example.test'

describe('RFC 8414 §2 authorization server metadata', () => {
  test('is exactly this for public clients', () => {
    expect(
      buildAuthorizationServerMetadata({
        issuer: ISSUER,
        scopes: ['mcp'],
        confidentialClients: false,
      }),
    ).toEqual({
      issuer: 'https://mcp.example.test',
      authorization_endpoint: 'https://mcp.example.test/authorize',
      token_endpoint: 'https://mcp.example.test/token',
      registration_endpoint: 'https://mcp.example.test/register',
      revocation_endpoint: 'https://mcp.example.test/revoke',
      jwks_uri: 'https://mcp.example.test/.well-known/jwks.json',
      scopes_supported: ['mcp'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    })
  })

  test('names the ways to send a secret only where a client has one', () => {
    const methods = ['none', 'client_secret_basic', 'client_secret_post']
    expect(
      buildAuthorizationServerMetadata({ issuer: ISSUER, scopes: [], confidentialClients: true }),
    ).toMatchObject({
      token_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_methods_supported: methods,
    })
  })
})

describe('RFC 9728 protected resource metadata', () => {
  test('is exactly this (§2)', () => {
    expect(
      buildProtectedResourceMetadata({
        issuer: ISSUER,
        resource: `${ISSUER}/mcp`,
        name: 'Example',
        scopes: ['mcp'],
      }),
    ).toEqual({
      resource: 'https://mcp.example.test/mcp',
      authorization_servers: ['https://mcp.example.test'],
      scopes_supported: ['mcp'],
      bearer_methods_supported: ['header'],
      resource_name: 'Example',
    })
  })

  test.each([
    [`${ISSUER}/mcp`, `${ISSUER}/.well-known/oauth-protected-resource/mcp`],
    [`${ISSUER}/a/b`, `${ISSUER}/.well-known/oauth-protected-resource/a/b`],
    [ISSUER, `${ISSUER}/.well-known/oauth-protected-resource`],
    ['http://localhost:7420/mcp', 'http://localhost:7420/.well-known/oauth-protected-resource/mcp'],
  ])('of %s is at %s (§3.1)', (resource, url) => {
    expect(protectedResourceMetadataUrl(resource)).toBe(url)
  })

  test('paths are all different', () => {
    expect(new Set(Object.values(PATHS)).size).toBe(Object.keys(PATHS).length)
  })
})
