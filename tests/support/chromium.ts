import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
} from 'playwright-core'

/**
 * A single process ends as a whole with the first context that is closed; the others switch off the
 * very boundaries between sites that the tests of attacks rely on.
 */
const UNWANTED =
  /^--(?:single-process|disable-web-security|disable-site-isolation-trials|allow-running-insecure-content|disable-features=)/

let running: Promise<Browser> | undefined

/**
 * One real headless Chromium for the whole test process. It comes with `npm ci` and brings its own
 * shared libraries; `CHROMIUM_PATH` names another where that build does not run.
 */
export function launchChromium(): Promise<Browser> {
  running ??= launch()
  return running
}

/**
 * A person's browser: own cookies, nothing shared with other tests. `proxyUrl` leads to names that a
 * test maps, under an authority that the browser does not know; loopback is always reached directly.
 */
export async function newPerson({
  proxyUrl,
  ...options
}: BrowserContextOptions & { proxyUrl?: string } = {}): Promise<BrowserContext> {
  const browser = await launchChromium()
  const context = await browser.newContext({
    ...(proxyUrl === undefined
      ? {}
      : {
          ignoreHTTPSErrors: true,
          proxy: { server: proxyUrl, bypass: 'localhost,127.0.0.1' },
        }),
    ...options,
  })
  context.setDefaultTimeout(10_000)
  return context
}

export async function closeChromium(): Promise<void> {
  const browser = await running
  running = undefined
  await browser?.close()
}

async function launch(): Promise<Browser> {
  const quiet = ['--no-sandbox', '--disable-background-networking', '--disable-component-update']
  const named = process.env['CHROMIUM_PATH']
  if (named !== undefined) return chromium.launch({ executablePath: named, args: quiet })
  const { executablePath, args } = await bundledChromium()
  return chromium.launch({ executablePath, args: [...args, ...quiet] })
}

/** Unpacks the browser that came with `npm ci`, where that has not been done yet. */
export async function bundledChromium(): Promise<{ executablePath: string; args: string[] }> {
  // Makes the package unpack libnss3 and its like beside the browser, as it does on Lambda.
  process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs22.x'
  const { default: bundled } = await import('@sparticuz/chromium')
  return {
    executablePath: await bundled.executablePath(),
    args: bundled.args.filter((flag) => !UNWANTED.test(flag)),
  }
}
