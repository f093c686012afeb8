/**
 * Remakes docs/images/ from the pages themselves, as a browser shows them: every page light, dark
 * and 320 pixels wide. `-- <folder>` puts them there instead, to be looked at.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EVERY_PAGE } from '../tests/pages/every-page.ts'
import { startPages } from '../tests/pages/pages-world.ts'
import { closeChromium } from '../tests/support/chromium.ts'

const KINDS = [
  { kind: 'light', colorScheme: 'light', viewport: { width: 720, height: 480 } },
  { kind: 'dark', colorScheme: 'dark', viewport: { width: 720, height: 480 } },
  { kind: 'narrow', colorScheme: 'light', viewport: { width: 320, height: 480 } },
] as const

const folder = process.argv[2] ?? 'docs/images'
const only = process.argv[3]
mkdirSync(folder, { recursive: true })
for (const { id, mode, options, open } of EVERY_PAGE) {
  if (only !== undefined && !id.includes(only)) continue
  for (const { kind, ...context } of KINDS) {
    const world = await startPages(mode, options)
    const person = await world.newPerson(context)
    const page = await person.newPage()
    await open(page, world)
    await page.screenshot({ path: join(folder, `${id}-${kind}.png`), fullPage: true })
    await person.close()
    await world.close()
  }
}
await closeChromium()
