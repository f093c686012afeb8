// The Worker beside this file, on the runtime that Cloudflare runs Workers on.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Miniflare } from 'miniflare'

const { ORIGIN, PORT } = process.env
const library = import.meta.resolve('@cloudflare/workers-oauth-provider')
const read = (path, url) => ({
  type: 'ESModule',
  path,
  contents: readFileSync(fileURLToPath(url), 'utf8'),
})

const worker = new Miniflare({
  modules: [
    read('worker.js', new URL('worker.js', import.meta.url)),
    read('oauth-provider.js', library),
  ],
  compatibilityDate: '2026-04-01',
  kvNamespaces: ['OAUTH_KV'],
  bindings: { ORIGIN },
  host: '127.0.0.1',
  port: Number(PORT),
})
await worker.ready
// The runtime is a process of its own, which would outlive this one.
process.once('SIGTERM', () => {
  void worker.dispose().finally(() => process.exit())
})
