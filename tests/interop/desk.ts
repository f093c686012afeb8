import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PERSON } from '../support/deployment.ts'
import { OpenedUrls } from '../support/opened-urls.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'

/**
 * Where a person sits: a home folder for whatever the client stores, and a browser. Whenever the
 * client opens the browser, the person agrees and signs in at once; the identity provider knows
 * the browser from the second time on and asks nothing.
 */
export class Desk {
  readonly home: string = mkdtempSync(join(tmpdir(), 'postern-home-'))
  /** Where the person works: not the home folder, which some agents refuse. */
  readonly work: string = join(this.home, 'work')
  readonly browser: OpenedUrls = new OpenedUrls()
  /** How each page that the client opened ended: a status of the client's callback, or why not. */
  readonly endings: string[] = []
  readonly #person = new ScriptedPerson(PERSON)
  readonly #seen: Set<string> = new Set()
  /** How far the clock of a client is ahead that takes one; the machine's stays as it is. */
  clockAheadSeconds = 0
  #visits = 0
  readonly #watch: NodeJS.Timeout

  constructor() {
    mkdirSync(this.work)
    // Some clients ask for the desktop's opener by name instead of `$BROWSER`.
    mkdirSync(join(this.home, 'bin'))
    symlinkSync(this.browser.program, join(this.home, 'bin/xdg-open'))
    this.#watch = setInterval(() => this.#look(), 10)
  }

  /** How often the browser was opened. */
  get opened(): number {
    return this.browser.urls.length + this.#visits
  }

  /** For clients that a browser runs, where the test plays the person itself. */
  noteVisit(): void {
    this.#visits += 1
  }

  /** For apps in this process, which open no `$BROWSER`. */
  async signIn(url: string): Promise<URL> {
    this.#visits += 1
    return this.#person.signIn(url)
  }

  #look(): void {
    for (const url of this.browser.urls) {
      if (this.#seen.has(url)) continue
      this.#seen.add(url)
      this.#person.signInAndReturn(url).then(
        ({ status }) => this.endings.push(`${status}`),
        (error: unknown) => this.endings.push(String(error)),
      )
    }
  }

  /** What a client may see of this machine: no display, nothing of whoever runs the tests. */
  environment(): Record<string, string> {
    const { PATH = '', LANG = 'C.UTF-8' } = process.env
    const path = `${join(this.home, 'bin')}:${PATH}`
    return { PATH: path, LANG, HOME: this.home, TERM: 'xterm', BROWSER: this.browser.program }
  }

  close(): void {
    clearInterval(this.#watch)
    this.browser.remove()
    rmSync(this.home, { recursive: true, force: true })
  }
}
