import { createPostern, type Postern } from 'postern'

interface Environment {
  MCP_URL: string
  UPSTREAM: string
  IDP_ISSUER: string
  IDP_CLIENT_ID: string
  POSTERN_SECRET: string
}

let postern: Postern | undefined

/** Web standards only: for edge runtimes, which hand over their settings with the request. */
export default {
  fetch(request: Request, environment: Environment): Promise<Response> {
    postern ??= createPostern({
      resources: [{ url: environment.MCP_URL, upstream: environment.UPSTREAM }],
      identityProvider: {
        issuer: environment.IDP_ISSUER,
        clientId: environment.IDP_CLIENT_ID,
        scopes: ['email'],
        refreshTokens: 'rotating',
      },
      access: 'anyoneTheIdpAdmits',
      secrets: environment.POSTERN_SECRET.split(','),
    })
    return postern.fetch(request)
  },
}
