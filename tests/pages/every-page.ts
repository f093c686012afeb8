import type { Page } from 'playwright-core'
import type { BrandingOptions } from '../../src/config/options.ts'
import { ISSUER, MCP_URL } from '../support/world.ts'
import { CALLBACK, type Mode, type PagesOptions, type PagesWorld } from './pages-world.ts'

/** One page that people can see, and the way to it. */
export interface EveryPage {
  id: string
  mode: Mode
  options?: PagesOptions
  open: (page: Page, world: PagesWorld) => Promise<unknown>
}

const CLAUDE = 'https://claude.ai/api/mcp/auth_callback'
const LOGO: string = `data:image/svg+xml;base64,${btoa('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="20" fill="#ffb000"/><path d="M11 28 20 10l9 18h-6l-3-7-3 7z" fill="#1b1300"/></svg>')}`
export const BRANDING: BrandingOptions = { name: 'Ampersand & Sons', logo: LOGO, colour: '#ffb000' }

/** Everything that a name can do to a page: markup, direction, invisible characters, length. */
export const HOSTILE_NAME: string = `\u202Eelgoog\u202C<script>alert(1)</script><b title="x">Claude</b>&amp;\u200B${'w'.repeat(99)}`

const consent =
  (client: { redirectUri?: string; name?: string } = {}): EveryPage['open'] =>
  async (page, world) =>
    page.goto(await world.authorizeUrl(client))

const answer =
  (button: 'Continue' | 'Cancel', before?: (page: Page, world: PagesWorld) => unknown) =>
  async (page: Page, world: PagesWorld): Promise<void> => {
    await consent()(page, world)
    await before?.(page, world)
    // What the page leads to answers nothing, so that the page stays.
    const isElsewhere = (url: URL): boolean => url.origin !== ISSUER
    await page.route(isElsewhere, (route) => route.fulfill({ status: 204 }))
    const answered = page.waitForResponse(`${ISSUER}/consent`)
    await page.getByRole('button', { name: button }).click()
    await answered
    await page.waitForLoadState()
  }

const at =
  (path: string): EveryPage['open'] =>
  (page) =>
    page.goto(ISSUER + path)

export const EVERY_PAGE: readonly EveryPage[] = [
  { id: 'connect', mode: 'broker', open: (page) => page.goto(MCP_URL) },
  { id: 'connect-branded', mode: 'relay', options: { branding: BRANDING }, open: at('/') },
  { id: 'servers', mode: 'broker', options: { second: true }, open: at('/') },
  { id: 'consent', mode: 'broker', open: consent({ name: 'MCP CLI Proxy' }) },
  {
    id: 'consent-known',
    mode: 'broker',
    options: { branding: BRANDING },
    open: consent({ redirectUri: CLAUDE, name: 'Claude' }),
  },
  {
    id: 'consent-hostile',
    mode: 'broker',
    options: { name: 'w'.repeat(99) },
    open: consent({ name: HOSTILE_NAME }),
  },
  { id: 'consent-relay', mode: 'relay', open: consent() },
  { id: 'onward', mode: 'relay', open: answer('Continue') },
  { id: 'cancelled', mode: 'broker', open: answer('Cancel') },
  {
    id: 'error-stale-client',
    mode: 'broker',
    open: at(`/authorize?client_id=forgotten&redirect_uri=${encodeURIComponent(CALLBACK)}`),
  },
  {
    id: 'error-app',
    mode: 'broker',
    options: { branding: BRANDING },
    open: at('/authorize?client_id=a&client_id=b'),
  },
  {
    id: 'error-redirect-uri',
    mode: 'relay',
    open: at('/authorize?client_id=relayclient&redirect_uri=https://evil.example/'),
  },
  {
    id: 'error-other-browser',
    mode: 'broker',
    open: answer('Continue', (page) => page.context().clearCookies()),
  },
  {
    id: 'error-expired',
    mode: 'relay',
    open: answer('Continue', (_page, world) => world.clock.advance(16 * 60)),
  },
  {
    id: 'error-outage',
    mode: 'broker',
    open: answer('Continue', (_page, world) => world.loseIdentityProvider()),
  },
  { id: 'error-lost', mode: 'broker', open: at(`/idp/callback?code=x&state=${'x'.repeat(22)}`) },
  {
    id: 'error-fault',
    mode: 'relay',
    open: async (page, world) => {
      world.breakOnce()
      await page.goto(await world.authorizeUrl())
    },
  },
  { id: 'not-found', mode: 'relay', open: at('/no/such/page') },
]
