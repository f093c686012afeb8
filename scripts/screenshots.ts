/**
 * Remakes docs/images/ from the pages themselves, as a browser shows them: every page light, dark
 * and 320 pixels wide. `-- <folder>` puts them there instead, to be looked at.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startFlowPage } from '../src/demo/flow-page/server.ts'
import { SAMPLE } from '../tests/demo/flow-sample.ts'
import { EVERY_PAGE } from '../tests/pages/every-page.ts'
import { startPages } from '../tests/pages/pages-world.ts'
import { closeChromium, launchChromium } from '../tests/support/chromium.ts'

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
if (only === undefined || only === 'flow') await drawFlows()
await closeChromium()

/** The page of `postern dev`, wider: its diagrams need the room. */
async function drawFlows(): Promise<void> {
  let time = 0
  const flows = await startFlowPage({ now: () => time })
  for (const [at, event] of SAMPLE) {
    time = at
    flows.emit(event)
  }
  for (const { kind, ...context } of KINDS) {
    const width = kind === 'narrow' ? 320 : 1000
    const person = await (
      await launchChromium()
    ).newContext({ ...context, viewport: { width, height: 480 } })
    const page = await person.newPage()
    await page.goto(flows.url)
    await page.screenshot({ path: join(folder, `flow-${kind}.png`), fullPage: true })
    await person.close()
  }
  await flows.close()
}
