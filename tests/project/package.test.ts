import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)

// What `npm test` tells its own npm about the clone must not reach npm in the empty folder.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_)|^npm_config_(?:local_prefix|prefix)$|^INIT_CWD$/.test(name),
  ),
)

describe('the packed package, installed in an empty folder', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-package-'))
    await run('npm', ['run', 'build'])
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { env })
    const [packed] = JSON.parse(stdout) as { filename: string }[]
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
    const tarball = join(folder, packed!.filename)
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline']
    await run('npm', ['install', ...quiet, tarball], { cwd: folder, env })
  }, 180_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('holds only the build, the bin, doctor’s manual and the documents npm always adds', async () => {
    const { stdout } = await run('npm', ['pack', '--json', '--dry-run'], { env })
    const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[]
    const others = packed!.files
      .map(({ path }) => path)
      .filter((path) => !/^(?:dist\/|(?:bin\/postern\.js|docs\/doctor\.md)$)/.test(path))
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
  })

  it('exports createPostern and serve', async () => {
    const script = `
      import { createPostern } from 'postern'
      import { serve } from 'postern/node'
      console.log(typeof createPostern, typeof serve)
    `
    const { stdout } = await run('node', ['--input-type=module', '--eval', script], { cwd: folder })
    expect(stdout).toBe('function function\n')
  })

  it('has nothing else that can be imported', async () => {
    const { exports } = JSON.parse(
      await readFile(join(folder, 'node_modules/postern/package.json'), 'utf8'),
    ) as { exports: Record<string, unknown> }
    expect(Object.keys(exports)).toEqual(['.', './node', './aws-lambda', './cdk'])
    const attempt = run('node', ['--eval', 'import("postern/dist/crypto/seal.js")'], {
      cwd: folder,
    })
    await expect(attempt).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  it('prints a fresh 32-byte secret by `npx postern secret`, and nothing else', async () => {
    const print = () => run('npx', ['--no-install', 'postern', 'secret'], { cwd: folder, env })
    const [first, second] = [await print(), await print()]
    expect(first.stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/)
    expect(Buffer.from(first.stdout.trim(), 'base64url')).toHaveLength(32)
    expect(second.stdout).not.toBe(first.stdout)
  })

  it('has declarations that compile in a strict project of a consumer', async () => {
    await writeFile(
      join(folder, 'consumer.ts'),
      `
        import { createPostern, type PosternOptions } from 'postern'
        import { serve } from 'postern/node'
        const options: PosternOptions = {
          resources: [{ url: 'https://mcp.example.com/mcp', upstream: 'http://127.0.0.1:3000/mcp' }],
          identityProvider: { issuer: 'https://idp.example.com', clientId: 'postern' },
          access: 'anyoneTheIdpAdmits',
          secrets: [],
        }
        const posternFetch: (request: Request) => Response | Promise<Response> = createPostern(options).fetch
        // @ts-expect-error access has no default
        createPostern({ ...options, access: undefined })
        export const started: Promise<{ port: number; close: () => Promise<void> }> = serve({
          postern: options,
          listen: { host: '127.0.0.1', port: 0 },
        })
        export { posternFetch }
      `,
    )
    const flags = '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2023'
    const lib = '--lib es2023,dom,dom.iterable'
    const args = [...`${flags} ${lib} --types`.split(' '), '', 'consumer.ts']
    const tsc = resolve('node_modules/typescript/bin/tsc')
    await run('node', [tsc, ...args, '--skipLibCheck'], { cwd: folder })
  })
})
