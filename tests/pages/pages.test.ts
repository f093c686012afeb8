import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { closeChromium } from '../support/chromium.ts'
import { HTML } from '../support/dance.ts'
import { createRelayWorld } from '../relay/relay-world.ts'
import { logIn } from '../support/person.ts'
import { createWorld, ISSUER, MCP_URL, USER } from '../support/world.ts'
import { BRANDING, HOSTILE_NAME } from './every-page.ts'
import { CALLBACK, startPages, type Mode, type PagesWorld } from './pages-world.ts'

let world: PagesWorld | undefined
let person: BrowserContext | undefined
afterEach(async () => {
  await person?.close()
  await world?.close()
})
afterAll(closeChromium)

async function open(
  mode: Mode,
  options: Parameters<PagesWorld['newPerson']>[0] = {},
): Promise<Page> {
  world = await startPages(mode)
  person = await world.newPerson(options)
  return person.newPage()
}

/** What the app's own listener would be brought; nobody has to listen. */
function listen(page: Page): string[] {
  const ended: string[] = []
  page.on('request', (request) => {
    if (request.url().startsWith(CALLBACK)) ended.push(request.url())
  })
  return ended
}

describe.each(['broker', 'relay'] as const)('a sign-in through a %s', (mode) => {
  test('needs no script from the consent page to the app', async () => {
    const page = await open(mode, { javaScriptEnabled: false })
    const ended = listen(page)
    await page.goto(await world!.authorizeUrl())
    await page.getByRole('button', { name: 'Continue' }).click()
    await logIn(page, USER)
    await expect.poll(() => ended.length).toBe(1)
    expect(new URL(ended[0]!).searchParams.has('code')).toBe(true)
  })

  test('is agreed to and declined by keyboard alone, with the focus in sight', async () => {
    const page = await open(mode)
    const ended = listen(page)
    await page.goto(await world!.authorizeUrl())
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        return `${element.innerText} ${getComputedStyle(element).outlineWidth}`
      })
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Continue 3px')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Cancel 3px')
    await page.keyboard.press('Enter')
    await expect.poll(() => ended.length).toBe(1)
    expect(new URL(ended[0]!).searchParams.get('error')).toBe('access_denied')

    const second = await person!.newPage()
    await second.goto(await world!.authorizeUrl())
    await second.keyboard.press('Tab')
    await second.keyboard.press('Enter')
    await second.locator('input[type=password]').waitFor()
  })
})

describe('the page at the MCP URL', () => {
  test('selects a text as a whole on a click, without scripts', async () => {
    const page = await open('broker', { javaScriptEnabled: false })
    await page.goto(MCP_URL)
    expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0)
    expect(await page.getByText('click to select').first().isVisible()).toBe(true)
    const all = page.getByRole('textbox', { name: 'MCP server URL' })
    expect(await all.evaluate((element) => getComputedStyle(element).userSelect)).toBe('all')
  })

  test('copies what it shows, where scripts run', async () => {
    const page = await open('broker', { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.goto(MCP_URL)
    await page.getByRole('button', { name: 'Copy MCP server URL' }).click()
    await page.getByRole('status').getByText('Copied').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(MCP_URL)
  })

  test.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'macOS'],
    ['Mozilla/5.0 (X11; Linux x86_64)', 'Linux'],
    ['Something else', 'macOS'],
  ])('shows the paths of %s first: %s', async (userAgent, first) => {
    const { postern } = await createWorld()
    const headers = { accept: HTML, 'user-agent': userAgent }
    const page = await (await postern.fetch(new Request(MCP_URL, { headers }))).text()
    expect(/<dt>(macOS|Windows|Linux)<\/dt>/.exec(page)?.[1]).toBe(first)
  })

  test('names the server, its scopes, and the four usual clients first', async () => {
    const { postern } = await createWorld()
    const page = await (
      await postern.fetch(new Request(MCP_URL, { headers: { accept: HTML } }))
    ).text()
    for (const shown of ['Connect your app to Example', '<code>mcp</code>', MCP_URL])
      expect(page).toContain(shown)
    const names = [...page.matchAll(/<h3>([^<]+)<\/h3>/g)].map(([, name]) => name)
    expect(names.slice(0, 4)).toEqual([
      'Claude Desktop',
      'Claude Code',
      'Cursor',
      'Visual Studio Code',
    ])
    expect(page).toContain('href="cursor://anysphere.cursor-deeplink/mcp/install?')
  })

  test('runs its one script by hash, and no page of a sign-in runs any', async () => {
    const { postern } = await createWorld()
    const policy = async (url: string): Promise<string | null> =>
      (await postern.fetch(new Request(url, { headers: { accept: HTML } }))).headers.get(
        'content-security-policy',
      )
    expect(await policy(MCP_URL)).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; form-action/,
    )
    expect(await policy(`${ISSUER}/authorize`)).not.toContain('script-src')
  })
})

describe('machines never get a page', () => {
  const doors = {
    broker: async () => (await createWorld()).postern,
    relay: async () => (await createRelayWorld()).relay,
  }
  const paths = ['/mcp', '/', '/authorize', '/authorize?client_id=x', '/no/such/path']

  test.each(
    (['broker', 'relay'] as const).flatMap((mode) =>
      paths.flatMap((path) =>
        ['*/*', 'application/json', 'application/json, text/event-stream', undefined].map(
          (accept) => [mode, path, accept] as const,
        ),
      ),
    ),
  )('%s %s, accepting %s', async (mode, path, accept) => {
    const door = await doors[mode]()
    const headers = accept === undefined ? {} : { accept }
    const machine = await door.fetch(new Request(ISSUER + path, { headers }))
    expect(machine.headers.get('content-type')).toMatch(/^application\/json/)
    const browser = await door.fetch(new Request(ISSUER + path, { headers: { accept: HTML } }))
    expect(browser.headers.get('content-type')).toMatch(/^text\/html/)
    // At the origin there is nothing but the page.
    expect(browser.status).toBe(path === '/' ? 200 : machine.status)
    expect(browser.headers.get('www-authenticate')).toBe(machine.headers.get('www-authenticate'))
  })

  test('nor do they when something breaks at /token, whatever they accept', async () => {
    const { replica } = await createWorld()
    const door = replica({ allowedHosts: [] })
    const body = new Request(`${ISSUER}/token`, { method: 'POST', headers: { accept: HTML } })
    const answer = await door.fetch(body)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  })
})

describe('names that attack', () => {
  test('are text: no element, no direction, nothing hidden, at most 64 characters', async () => {
    const page = await open('broker')
    await page.goto(await world!.authorizeUrl({ name: HOSTILE_NAME }))
    const shown = await page.locator('bdi').innerText()
    expect(shown).toMatch(/^elgoog<script>/)
    expect([...shown].length).toBeLessThanOrEqual(64)
    expect(shown).not.toMatch(/[\u202A-\u202E\u200B]/)
    expect(await page.locator('script, main b[title]').count()).toBe(0)
  })
})

describe('a brand', () => {
  test('stands on every page, and its logo is the one image that is allowed', async () => {
    const { postern } = await createWorld({ postern: { branding: BRANDING } })
    for (const path of ['/mcp', '/authorize', '/nothing']) {
      const response = await postern.fetch(
        new Request(ISSUER + path, { headers: { accept: HTML } }),
      )
      const page = await response.text()
      expect(page).toContain('<span>Ampersand &amp; Sons</span>')
      expect(page).toContain(`<img src="${BRANDING.logo}" alt="" />`)
      expect(response.headers.get('content-security-policy')).toContain('; img-src data:; ')
    }
  })

  test('without a logo no image is allowed at all', async () => {
    const { postern } = await createWorld({ postern: { branding: { name: 'Acme' } } })
    const response = await postern.fetch(new Request(MCP_URL, { headers: { accept: HTML } }))
    expect(response.headers.get('content-security-policy')).not.toContain('img-src')
  })
})

test('a registration that is unknown here: what to delete comes first for whoever asks', async () => {
  const { postern } = await createWorld()
  const ask = async (redirectUri: string): Promise<string> => {
    const query = new URLSearchParams({ client_id: 'x', redirect_uri: redirectUri })
    const url = `${ISSUER}/authorize?${query}`
    return (await postern.fetch(new Request(url, { headers: { accept: HTML } }))).text()
  }
  const first = (page: string): string | undefined => /<li>\s*<strong>([^<]+)/.exec(page)?.[1]
  const remote = await ask('http://localhost:41409/oauth/callback')
  expect(first(remote)).toBe('mcp-remote')
  expect(remote).toContain('rm -rf ~/.mcp-auth')
  expect(first(await ask('http://localhost:5555/callback'))).toBe('Claude Code')
  expect(first(await ask('https://vscode.dev/redirect'))).toBe('VS Code')
  expect(first(await ask('cursor://anysphere.cursor-mcp/oauth/callback'))).toBe('Cursor')
  const hostile = await ask('http://localhost:1/"><script>alert(1)</script>')
  expect(hostile).not.toContain('<script')
})
