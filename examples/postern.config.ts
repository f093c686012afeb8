import type { PosternConfigFile } from 'postern'

/** `npx postern serve --config examples/postern.config.ts`, with POSTERN_SECRET in the environment. */
const config: PosternConfigFile = {
  resources: [
    {
      url: 'https://mcp.example.com/mcp',
      upstream: 'http://10.0.0.5:3000/mcp',
      name: 'Example tools',
      scopes: ['read', 'write'],
    },
  ],
  identityProvider: {
    issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI',
    clientId: '1h57kf5cpq17m0eml12EXAMPLE',
    // The app client has refresh token rotation turned on.
    refreshTokens: 'rotating',
  },
  access: [{ groups: ['mcp-admins'] }, { groups: ['mcp-users'], scopes: ['read'] }],
}

export default config
