import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseFlags, toOptions } from '../../src/cli/flags.ts'
import { IDP_PRESETS } from '../../src/config/idp-presets.ts'
import type { PosternOptions } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { SECRET_A } from '../support/world.ts'

const read = (file: string): string => readFileSync(file, 'utf8')
const matches = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
]

describe('docs/configuration.md', () => {
  const documented = matches(read('docs/configuration.md'), /^\| `([^`]+)`/gm)
  const leaves = documented.map(
    (path) =>
      path
        .split(/[.[]/)
        .at(-1)
        ?.replace(/^\]?\.?/, '') ?? '',
  )
  // Names of options are the only two- or four-space indented properties of the schemas.
  const files = ['schema', 'schema-parts', 'branding', 'relay', 'resource-server']
  const schema = matches(
    files.map((file) => read(`src/config/${file}.ts`)).join('\n'),
    /^\s+(\w+): (?:v\.|Text|Seconds|Record|Identity|Epoch|Access|Jwks)/gm,
  )

  test.each(
    schema.filter(
      (name) =>
        ![
          'identityProvider',
          'keys',
          'resources',
          'clients',
          'lifetimes',
          'revokeBefore',
          'static',
          'branding',
        ].includes(name),
    ),
  )('says what %s is', (name) => {
    expect(documented.some((path) => path === name || path.endsWith(`.${name}`))).toBe(true)
  })

  test.each(leaves.filter((leaf) => leaf !== ''))('documents %s, which exists', (leaf) => {
    expect(schema).toContain(leaf)
  })
})

describe('defaults', () => {
  const config = resolveConfig({
    resources: [{ url: 'https://mcp.example.com/mcp', upstream: 'http://10.0.0.5:3000/mcp' }],
    identityProvider: { issuer: 'https://idp.example.com', clientId: 'postern' },
    access: 'anyoneTheIdpAdmits',
    secrets: [SECRET_A],
  })
  const { lifetimes, identityProvider } = config
  const DAY = 86_400

  test.each([
    ['lifetimes.accessTokenSeconds', `${lifetimes.accessTokenSeconds}`],
    ['lifetimes.refreshTokenIdleSeconds', `${lifetimes.refreshTokenIdleSeconds / DAY} days`],
    [
      'lifetimes.refreshTokenAbsoluteSeconds',
      `${lifetimes.refreshTokenAbsoluteSeconds / DAY} days`,
    ],
    ['lifetimes.sessionSecondsWithoutRefresh', `${lifetimes.sessionSecondsWithoutRefresh}`],
    ['identityProvider.timeoutSeconds', `${identityProvider.timeoutSeconds}`],
    ['identityProvider.requestsPerSecond', `${identityProvider.requestsPerSecond}`],
    ['maxBodyBytes', `${config.maxBodyBytes / 1024 ** 2} MiB`],
  ])('%s is documented as %s', (option, value) => {
    const row = read('docs/configuration.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${option}\``))
    expect(row?.split('|').at(-2)?.trim()).toBe(value)
  })

  test.each(Object.entries(IDP_PRESETS))('of the preset %s are documented', (name, preset) => {
    const row = read('docs/identity-providers.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\``))
    for (const value of [...preset.scopes, preset.groupsClaim, preset.refreshTokens])
      expect(row).toContain(`\`${value}\``)
  })
})

describe('docs/operations.md', () => {
  const text = read('docs/operations.md')

  test.each(matches(read('src/events.ts'), /type: '([a-z.-]+)'/g))('lists the event %s', (type) => {
    expect(text).toContain(`\`${type}\``)
  })

  test.each([
    ...matches(read('src/protocol/failure.ts'), /'([a-z]+_[a-z_]+)'/g),
    ...matches(read('src/protocol/form.ts'), /reason: '([a-z_]+)'/g),
    ...matches(read('src/protocol/cookies.ts'), /reason: '([a-z_]+)'/g),
    ...matches(read('src/gate/caller.ts'), /reason: '([a-z_]+)'/g),
    ...matches(read('src/gate/arrival.ts'), /refused\('([a-z_]+)'/g),
    ...matches(read('src/gate/gate.ts'), /refused\('([a-z_]+)'/g),
    ...matches(read('src/gate/forward.ts'), /reason: '([a-z ]+)'/g),
    ...matches(read('src/platform/node/forward.ts'), /reason: .*?'([a-zA-Z ]+)'/g),
    ...matches(read('src/crypto/access-token.ts'), /\| '(token_[a-z_]+)'/g),
  ])('explains the reason %s', (reason) => {
    expect(text).toContain(`\`${reason}\``)
  })
})

describe('README.md', () => {
  const text = read('README.md')

  test('is short', () => expect(text.length).toBeLessThan(8192))

  test('its serve command is a complete configuration', () => {
    const [, line = ''] = /npx postern serve (.+?)\n```/s.exec(text) ?? []
    const flags = parseFlags(line.split(/[\s\\]+/))
    const options = toOptions(flags, { POSTERN_SECRET: SECRET_A }) as PosternOptions
    expect(resolveConfig(options).issuer).toBe('https://mcp.example.com')
  })

  test('its dev command has only flags that exist', () => {
    const [, line = ''] = /npx postern dev (.+)/.exec(text) ?? []
    expect(parseFlags(line.split(' ')).upstream).toBe('http://127.0.0.1:3000/mcp')
  })

  test.each(matches(text + read('SECURITY.md'), /\]\((?!http)([^)]+)\)/g))(
    'links to %s, which exists',
    (file) => {
      expect(() =>
        readFileSync(file.endsWith('examples') ? `${file}/postern.config.ts` : file),
      ).not.toThrow()
    },
  )

  test('its versions are those that CI runs', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as {
      devDependencies: Record<string, string>
    }
    for (const [name, label] of [
      ['mcp-remote-0.15', 'mcp-remote '],
      ['@modelcontextprotocol/sdk', '@modelcontextprotocol/sdk '],
      ['@modelcontextprotocol/client', '@modelcontextprotocol/client '],
      ['@modelcontextprotocol/conformance', '@modelcontextprotocol/conformance '],
    ] as const)
      expect(text).toContain(label + devDependencies[name]?.replace('npm:mcp-remote@', ''))
  })
})
