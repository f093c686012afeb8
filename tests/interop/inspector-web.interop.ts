import { spawn } from 'node:child_process'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll } from 'vitest'
import { closeChromium, newPerson } from '../support/chromium.ts'
import { freePort, PERSON } from '../support/deployment.ts'
import { logIn } from '../support/person.ts'
import { requireClient } from './clients.ts'
import type { Desk } from './desk.ts'
import { inspectorProgram, inspectorVersion } from './inspector.ts'
import { describeClient, type RealClient } from './scenarios.ts'

const require = await requireClient()
const people = new WeakMap<Desk, Promise<BrowserContext>>()
afterAll(closeChromium)

describeClient({
  name: `MCP Inspector ${inspectorVersion(require)}, web page`,
  threeAtOnce: 'are apart',
  open: (mcpUrl, desk) => new InspectorPage(mcpUrl, desk),
})

/** Inspector's web page in Chromium, on its own server; the person's cookies stay with the desk. */
class InspectorPage implements RealClient {
  readonly #mcpUrl: string
  readonly #desk: Desk
  #opened: Promise<Page> | undefined
  #stop: (() => void) | undefined

  constructor(mcpUrl: string, desk: Desk) {
    this.#mcpUrl = mcpUrl
    this.#desk = desk
  }

  async signIn(): Promise<void> {
    const page = await this.#page()
    const connected = page.getByText('Connected', { exact: true }).first()
    const agree = page.getByRole('button', { name: 'Continue' })
    const password = page.locator('input[type=password]')
    await page.getByRole('switch').first().click({ force: true })
    await connected.or(agree).waitFor()
    if (await agree.isVisible()) {
      this.#desk.noteVisit()
      await agree.click()
      await connected.or(password).waitFor()
      if (await password.isVisible()) await logIn(page, PERSON)
    }
    await connected.waitFor()
    await page.getByText('Tools', { exact: true }).first().click()
    await page.getByText('whoami', { exact: true }).first().click()
  }

  async whoami(): Promise<string> {
    const page = await this.#page()
    const results = page.getByRole('heading', { name: 'Results' })
    // They stand where the form was, until they are closed.
    if (await results.isVisible()) await results.locator('xpath=preceding::button[1]').click()
    await page.getByRole('button', { name: 'Execute Tool' }).click()
    const answer = page.getByText(/^You are /)
    await answer.waitFor()
    return answer.innerText()
  }

  async close(): Promise<void> {
    await (await this.#opened?.catch(() => undefined))?.close()
    this.#stop?.()
  }

  #page(): Promise<Page> {
    return (this.#opened ??= this.#open())
  }

  async #open(): Promise<Page> {
    const program = inspectorProgram(require, this.#desk, [
      '--web',
      '--transport',
      'http',
      '--server-url',
      this.#mcpUrl,
    ])
    const child = spawn(program.file, program.args, {
      cwd: program.cwd,
      env: { ...program.env, CLIENT_PORT: `${await freePort()}`, MCP_AUTO_OPEN_ENABLED: 'false' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#stop = () => child.kill('SIGKILL')
    let said = ''
    const address = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`Inspector ended (${code}):\n${said}`)))
      child.stdout.on('data', (chunk: Buffer) => {
        said += String(chunk)
        const [url] = /http:\/\/127\.0\.0\.1:\d+\?MCP_INSPECTOR_API_TOKEN=\w+/.exec(said) ?? []
        if (url !== undefined) resolve(url)
      })
    })
    const person = people.get(this.#desk) ?? newPerson()
    people.set(this.#desk, person)
    const page = await (await person).newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(address)
    return page
  }
}
