/** The two documents of a healthy server. */
export function buildDocuments(origin: string): { resource: object; server: object } {
  return {
    resource: {
      resource: `${origin}/mcp`,
      authorization_servers: [origin],
      scopes_supported: ['tools'],
      bearer_methods_supported: ['header'],
    },
    server: {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      scopes_supported: ['tools'],
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
    },
  }
}
