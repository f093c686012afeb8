/**
 * Code of the CloudFront Function before the MCP route (JavaScript runtime 2.0); Terraform has the
 * same in mcp-path.js.tftpl. Whether `/mcp/` reaches a route `/mcp` is documented nowhere, and a
 * route key may not end with a slash.
 *
 * With a challenge it also answers whoever has no token that is still good. Nothing is verified
 * here, the authorizer does that; but an authorizer in Lambda cannot say 401, from which alone a
 * client learns to refresh.
 */
export function mcpPathCode(path: string, challenge: string | undefined): string {
  return challenge === undefined ? pathOnly(path) : pathAndExpiry(path, challenge)
}

const pathOnly = (path: string): string => `function handler(event) {
  event.request.uri = '${path}'
  return event.request
}
`

const pathAndExpiry = (path: string, challenge: string): string => `function handler(event) {
  const request = event.request
  request.uri = '${path}'
  if (request.method === 'OPTIONS' || expiryOf(request.headers.authorization) > Date.now()) return request
  return {
    statusCode: 401,
    statusDescription: 'Unauthorized',
    headers: {
      'www-authenticate': { value: ${JSON.stringify(challenge)} },
      'cache-control': { value: 'no-store' },
    },
  }
}

function expiryOf(authorization) {
  const token = /^bearer +[A-Za-z0-9_-]+\\.([A-Za-z0-9_-]+)\\.[A-Za-z0-9_-]+$/i.exec(authorization ? authorization.value : '')
  if (token === null) return 0
  try {
    return JSON.parse(Buffer.from(token[1], 'base64url').toString()).exp * 1000
  } catch (error) {
    return 0
  }
}
`
