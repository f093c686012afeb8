import { bundledChromium } from './chromium.ts'

/** Before all workers: two of them unpacking the browser at once would break it for both. */
export async function setup(): Promise<void> {
  if (process.env['CHROMIUM_PATH'] === undefined) await bundledChromium()
}
