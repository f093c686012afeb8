/**
 * Remakes docs/images/consent.png from the page itself, and with a folder as argument puts a picture
 * of every page there, to be looked at: light, dark and 320 pixels wide.
 */
import { join } from 'node:path'
import { connectPage } from '../src/pages/connect.ts'
import { consentPage } from '../src/pages/consent.ts'
import { errorPage, outageAdvice, staleClientAdvice } from '../src/pages/error.ts'
import type { Markup } from '../src/pages/layout.ts'
import { onwardPage } from '../src/pages/onward.ts'
import { toOAuthError } from '../src/protocol/oauth-error.ts'
import { closeChromium, launchChromium } from '../tests/support/chromium.ts'

const resource = 'https://mcp.example.com/mcp'
const ask = { resourceName: 'Example tools', resource, scopes: ['read', 'write'] }
const form = { fields: { request: 'sealed' }, action: '/consent' }
const PAGES: Record<string, Markup> = {
  consent: consentPage({
    ...ask,
    ...form,
    claimedName: 'MCP CLI Proxy',
    redirectHost: 'localhost:41409',
    isLoopback: true,
  }),
  'consent-known': consentPage({
    ...ask,
    ...form,
    knownClient: 'Claude',
    redirectHost: 'claude.ai',
    isLoopback: false,
  }),
  'error-stale': errorPage(toOAuthError({ reason: 'client_unknown' }), staleClientAdvice()),
  'error-outage': errorPage(
    toOAuthError({ reason: 'idp_unavailable', detail: '' }),
    outageAdvice(),
  ),
  onward: onwardPage({
    title: 'Signed in',
    text: 'You are being taken back to your app.',
    url: 'about:blank#',
  }),
  connect: connectPage({ resource, name: 'Example tools' }),
}

const folder = process.argv[2]
const browser = await launchChromium()
for (const [name, page] of Object.entries(PAGES)) {
  for (const [kind, width, colorScheme] of [
    ['light', 720, 'light'],
    ['dark', 720, 'dark'],
    ['narrow', 320, 'light'],
  ] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 480 } })
    const tab = await context.newPage()
    await tab.setContent(String(await page))
    if (folder !== undefined)
      await tab.screenshot({ path: join(folder, `${name}-${kind}.png`), fullPage: true })
    if (name === 'consent' && kind === 'light')
      await tab.screenshot({ path: 'docs/images/consent.png', fullPage: true })
    await context.close()
  }
}
await closeChromium()
