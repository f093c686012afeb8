import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Stands where the person's browser would be started (`$BROWSER`); the test then plays the person. */
export class OpenedUrls {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'postern-opened-'))
  /** To be named by `BROWSER`. */
  readonly program: string = join(this.#folder, 'browser')

  constructor() {
    const part = `f=$(mktemp "${this.#folder}/part-XXXXXX")`
    writeFileSync(this.program, `#!/bin/sh\n${part}\nprintf '%s' "$1" > "$f"\nmv "$f" "$f.url"\n`)
    chmodSync(this.program, 0o755)
  }

  /** URLs that a browser was opened for, so far. */
  get urls(): string[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.url'))
      .map((name) => readFileSync(join(this.#folder, name), 'utf8'))
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
