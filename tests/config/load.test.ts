import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/config-error.ts'
import { loadConfigFile } from '../../src/config/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

describe('a configuration file', () => {
  test('gives its default export', async () => {
    const file = write('good.mjs', "export default { access: 'anyoneTheIdpAdmits' }")
    expect(await loadConfigFile(file)).toEqual({ access: 'anyoneTheIdpAdmits' })
  })

  test.each([
    ['does not exist', 'absent.mjs', undefined, 'cannot be found'],
    ['exports nothing', 'nothing.mjs', 'export const a = 1', 'has no default export'],
    ['exports null', 'null.mjs', 'export default null', 'has no default export'],
    ['throws', 'throws.mjs', "throw new Error('wrong')", 'cannot be loaded: wrong'],
  ])('that %s is refused with path and fix', async (_what, name, text, message) => {
    const file = text === undefined ? join(folder, name) : write(name, text)
    const error: unknown = await loadConfigFile(file).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({ issues: [{ path: file, message }] })
  })
})
