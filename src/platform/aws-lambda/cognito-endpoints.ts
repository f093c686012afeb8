/** Endpoints of a user pool, on the domain of its managed login. */
export function cognitoEndpoints(domain: string): {
  authorizationEndpoint: string
  tokenEndpoint: string
  revocationEndpoint: string
} {
  return {
    authorizationEndpoint: `${domain}/oauth2/authorize`,
    tokenEndpoint: `${domain}/oauth2/token`,
    revocationEndpoint: `${domain}/oauth2/revoke`,
  }
}
