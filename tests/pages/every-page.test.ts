import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeChromium } from '../support/chromium.ts'
import { EVERY_PAGE } from './every-page.ts'
import { startPages, type PagesWorld } from './pages-world.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

afterAll(closeChromium)

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await page.evaluate<AxeResult>('axe.run()')
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** What only opens on a click is looked at as well. */
const openAll = (page: Page): Promise<void> =>
  page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) {
      details.removeAttribute('name')
      details.open = true
    }
  })

describe.each(EVERY_PAGE)('the page $id of a $mode', ({ mode, options, open }) => {
  let world: PagesWorld
  beforeAll(async () => {
    world = await startPages(mode, options)
  })
  afterAll(() => world.close())

  test.each([
    { colorScheme: 'light', width: 320 },
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 320 },
    { colorScheme: 'dark', width: 1280 },
  ] as const)(
    'can be used by everybody, fits, and loads nothing: $colorScheme, $width px',
    async ({ colorScheme, width }) => {
      const person = await world.newPerson({ colorScheme, viewport: { width, height: 700 } })
      const asked: string[] = []
      const complaints: string[] = []
      person.on('request', (request) => {
        if (!request.isNavigationRequest()) asked.push(request.url())
      })
      person.on('console', (message) => complaints.push(message.text()))
      const page = await person.newPage()
      page.on('pageerror', (error) => complaints.push(String(error)))
      await open(page, world)
      expect(page.url()).toMatch(/^https:\/\/mcp\.example\.test\//)
      // Past the page's own policy, as the tools of a browser are.
      await page.evaluate(AXE)
      await openAll(page)
      expect(await violations(page)).toEqual([])
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([])
      expect(
        complaints.filter((text) => !/the server responded with a status of/.test(text)),
      ).toEqual([])
      await person.close()
    },
    30_000,
  )
})
