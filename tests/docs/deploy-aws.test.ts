import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SWITCHES } from '../../src/aws/verify/switches.ts'
import { WAYS_OUT } from '../../src/aws/verify/ways-out.ts'

const read = (file: string): string => readFileSync(file, 'utf8')
const matches = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
]

const page = read('docs/deploy-aws.md')
const props = matches(read('src/aws/cdk/props.ts'), /^ {2}(\w+)\??:/gm)
const terraform = readdirSync('terraform')
  .filter((file) => file.endsWith('.tf'))
  .map((file) => read(join('terraform', file)))
  .join('\n')
const variables = matches(terraform, /^variable "(\w+)"/gm)
const outputs = matches(terraform, /^output "(\w+)"/gm)

const block = (language: string, containing: string): string =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))]
    .map(([, text = '']) => text)
    .find((text) => text.includes(containing)) ?? ''

describe('docs/deploy-aws.md', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` +\| `(\w+)` +\|/gm)]

  test('its table of settings is there', () => expect(rows.length).toBeGreaterThanOrEqual(6))

  test.each(rows.map(([, prop = '', variable = '']) => [prop, variable]))(
    'the setting %s is a property of CDK, and %s a variable of Terraform',
    (prop, variable) => {
      expect(props).toContain(prop)
      expect(variables).toContain(variable)
    },
  )

  test.each(matches(block('ts', 'PrivateMcpServer(stack'), /^ {2}(\w+):/gm))(
    'the example’s property %s exists',
    (name) => expect(props).toContain(name),
  )

  test.each(matches(block('hcl', 'module'), /^ {2}(\w+) +=/gm).filter((name) => name !== 'source'))(
    'the example’s variable %s exists',
    (name) => expect(variables).toContain(name),
  )

  test('its examples give everything that has no default', () => {
    const required = [...terraform.matchAll(/^variable "(\w+)" \{([^]*?)^\}/gm)]
      .filter(([, , body = '']) => !/^ {2}default +=/m.test(body))
      .map(([, name = '']) => name)
    const given = matches(block('hcl', 'module'), /^ {2}(\w+) +=/gm)
    expect(required.filter((name) => !given.includes(name))).toEqual([])
  })

  test.each(matches(page, /`((?:[a-z]+_)+[a-z]+)`/g))(
    '`%s` is a variable or an output of the module, or a claim of Cognito',
    (name) => {
      expect([...variables, ...outputs, 'client_id', 'client_secret']).toContain(name)
    },
  )

  test.each(matches(page, /`(\w+): '\w+'`/g))('`%s: …` is a property', (name) =>
    expect(props).toContain(name),
  )

  test.each(['mcpRemoteArguments', 'keyWatchAlarm', 'userPool'])('%s exists', (name) => {
    expect(page).toContain(name)
    expect(read('src/aws/cdk/props.ts') + read('src/aws/cdk/private-mcp-server.ts')).toMatch(
      new RegExp(`^ {2}(readonly )?${name}\\??:`, 'm'),
    )
  })

  test('its names of outputs exist', () => {
    expect(page).toContain('DistributionDomain')
    expect(read('src/aws/cdk/private-mcp-server.ts')).toContain("'DistributionDomain'")
  })

  test.each(matches(page, /npm run ([\w:]+)/g))('npm run %s exists', (script) => {
    expect(JSON.parse(read('package.json'))).toHaveProperty(['scripts', script])
  })

  test.each(matches(page, /POSTERN_\w+/g))('the environment variable %s exists', (name) => {
    expect(read('src/platform/aws-lambda/environment.ts')).toContain(name)
  })

  const commands = [...page.matchAll(/npx postern ((?:aws )?[a-z-]+)(.*)/g)].map(
    ([, command = '', rest = '']) => ({ command, flags: rest.match(/--[a-z]+/g) ?? [] }),
  )

  test.each(commands)('npx postern $command exists, with $flags', async ({ command, flags }) => {
    expect(read('src/cli/main.ts')).toMatch(new RegExp(`^ {2}'?${command}'?: \\{`, 'm'))
    const { usage } = (await import(`../../src/cli/${command.replace(' ', '-')}.ts`)) as {
      usage: string
    }
    for (const flag of flags) expect(usage).toContain(flag)
  })

  test('has a row for every unsettled point that aws verify can settle', () => {
    const documented = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, row]) => Number(row))
    expect(documented).toEqual(Object.values(SWITCHES).map(({ row }) => row))
  })

  test('its rules of the WAF are those that the linter knows', () => {
    const rules = matches(page, /`((?:Generic|EC2)\w+)`/g)
    expect(rules).not.toEqual([])
    for (const rule of rules) expect(read('src/aws/lint/waf.ts')).toContain(`'${rule}'`)
  })

  test('the time before a new key is used is the code’s', () => {
    expect(read('src/platform/aws-lambda/rotation.ts')).toContain('LEAD_SECONDS = 15 * 60')
    expect(page).toContain('15 minutes')
  })
})

describe.each(['docs/deploy-aws.md', 'docs/do-you-need-postern.md'])('%s', (file) => {
  test.each(matches(read(file), /\]\((?!https?:|#)([^)#]+)/g))(
    'links to %s, which exists',
    (target) => expect(existsSync(join(dirname(file), target))).toBe(true),
  )
})

describe('README.md', () => {
  const readme = read('README.md')

  test.each(matches(readme, /npx postern ((?:aws )?[a-z-]+)/g))('npx postern %s exists', (name) => {
    expect(read('src/cli/main.ts')).toMatch(new RegExp(`^ {2}'?${name}'?: \\{`, 'm'))
  })

  test.each(matches(readme, /npm run ([\w:]+)/g))('npm run %s exists', (script) => {
    expect(JSON.parse(read('package.json'))).toHaveProperty(['scripts', script])
  })

  test('says what nobody has done yet', () => {
    expect(readme).toContain('Nothing has been applied to a real account yet')
  })
})

describe('the ways out that aws verify proposes', () => {
  test.each(Object.values(WAYS_OUT))('$cdk is what CDK takes', ({ cdk }) => {
    const [name = '', value = ''] = cdk.split(': ')
    const [, type = ''] =
      new RegExp(`^ {2}${name}\\??: (.+)$`, 'm').exec(read('src/aws/cdk/props.ts')) ?? []
    expect(type).toContain(value === 'false' ? 'boolean' : value)
  })

  test.each(Object.values(WAYS_OUT))('$terraform is what the module takes', (way) => {
    const [name = '', value = ''] = way.terraform.split(' = ')
    const [, body = ''] =
      new RegExp(`^variable "${name}" \\{([^]*?)^\\}`, 'm').exec(terraform) ?? []
    expect(body).toContain(value === 'false' ? 'bool' : value)
  })
})
