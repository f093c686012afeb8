/** Postern as it is deployed: the Node platform, a sealed-in secret, everybody admitted. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { serve } from '../src/platform/node/index.ts'
import { answerParent, readSettings } from './child.ts'
import { listen } from './listen.ts'

const { upstream, identityProvider } = readSettings<{
  upstream: string
  identityProvider: string
}>()

// The public URL has to be known before Postern starts.
const probe = createServer()
const { port } = new URL(await listen(probe))
await new Promise((done) => probe.close(done))
const url = `http://127.0.0.1:${port}/mcp`

await serve({
  postern: {
    resources: [{ url, upstream }],
    identityProvider: { issuer: identityProvider, clientId: 'bench', requestsPerSecond: 1_000_000 },
    access: 'anyoneTheIdpAdmits',
    secrets: [randomBytes(32).toString('base64url')],
    dangerouslyAllowUnrotatedRefreshTokens: true,
  },
  listen: { host: '127.0.0.1', port: Number(port) },
})

answerParent({ url })
