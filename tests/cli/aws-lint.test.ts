import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callbackUrls } from '../../src/aws/callback-urls.ts'
import { synthesize } from '../aws/variants.ts'

const BIN = resolve('bin/postern.js')
const RECIPE = resolve('tests/aws/lint/recipe/template.json')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-aws-lint-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  code: number | null
  out: string
  err: string
}

function run(args: string[], input?: string): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((done) => child.once('close', (code) => done({ code, out, err })))
}

function write(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('postern aws', () => {
  test.each([
    [['aws'], 2],
    [['aws', '--help'], 0],
    [['aws', '-h'], 0],
  ])('%j shows its commands, exit %i', async (args, expected) => {
    const { code, out } = await run(args)
    expect(code).toBe(expected)
    for (const name of ['aws lint', 'aws verify', 'aws bundle']) expect(out).toContain(name)
    expect(out).not.toContain('callback-urls')
  })

  test.each(['lint', 'verify', 'bundle'])('%s --help is an answer, exit 0', async (name) => {
    const { code, out, err } = await run(['aws', name, '--help'])
    expect([code, out.startsWith(`Usage: postern aws ${name}`), err]).toEqual([0, true, ''])
  })

  test.each([
    ['a mistyped command', ['aws', 'lnt'], 'aws lnt'],
    ['a mistyped option', ['aws', 'lint', 'x.json', '--jsn'], '--jsn'],
    ['no file', ['aws', 'lint'], 'template'],
    ['two files', ['aws', 'lint', 'a.json', 'b.json'], 'a.json b.json'],
    ['a level that is none', ['aws', 'lint', 'a.json', '--level', 'high'], 'high'],
    [
      'an option that mcp-remote lacks',
      ['aws', 'lint', 'a.json', '--', '--hedaer', 'A:b'],
      '--hedaer',
    ],
    ['a missing file', ['aws', 'lint', 'missing.json'], 'missing.json'],
    ['a folder', ['aws', 'lint', '.'], 'EISDIR'],
  ])('%s is one line and exit 2', async (_, args, named) => {
    const { code, out, err } = await run(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^postern: [^\n]+ \(see postern --help\)\n$/)
    expect(err).toContain(named)
  })
})

describe('postern aws lint', () => {
  test('a healthy template is exit 0 and one line', async () => {
    const { code, out, err } = await run([
      'aws',
      'lint',
      write('ok.json', synthesize('relay-public')),
    ])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^No findings in \d+ resources\.\n$/)
  })

  test('the template may come by standard input', async () => {
    const { code, out } = await run(['aws', 'lint', '-'], JSON.stringify(synthesize('broker')))
    expect([code, out.startsWith('No findings')]).toEqual([0, true])
  })

  test('findings are exit 1, with fix and source, and no colour in a pipe', async () => {
    const { code, out } = await run(['aws', 'lint', RECIPE])
    expect(code).toBe(1)
    expect(out).toContain('error SECRET_IN_ENVIRONMENT: function Function has a secret in COGNITO')
    expect(out).toContain('Keep the secret in Secrets Manager')
    expect(out).toMatch(/\n9 errors, 9 warnings\n$/)
    expect(out).not.toContain('\u001b')
  })

  test('--level error leaves warnings out, and passes where there are only warnings', async () => {
    const { out } = await run(['aws', 'lint', RECIPE, '--level', 'error'])
    expect(out).toMatch(/\n9 errors\n$/)
    const template = synthesize('relay-public') as { Resources: Record<string, { Type: string }> }
    const [id] = Object.entries(template.Resources).find(
      ([, { Type }]) => Type === 'AWS::CloudWatch::Alarm',
    )!
    delete template.Resources[id]
    const path = write('silent.json', template)
    expect((await run(['aws', 'lint', path])).code).toBe(1)
    expect((await run(['aws', 'lint', path, '--level', 'error'])).code).toBe(0)
  })

  test('callbacks are held to what people type after the URL', async () => {
    const url = 'https://mcp.example.com/mcp'
    const typed = ['--header', 'X-Tenant: a']
    const [before, after] = [callbackUrls({ url }), callbackUrls({ url, args: typed })]
    const template = JSON.stringify(synthesize('relay-public'))
    const moved = template.replaceAll(
      /http:\/\/[\w.]+:\d+\/oauth\/callback/g,
      (callback) => after[before.indexOf(callback)]!,
    )
    const args = ['aws', 'lint', '-', '--', ...typed]
    expect((await run(args, template)).out).toContain('CALLBACK_DRIFT')
    expect((await run(args, moved)).out).toContain('No findings')
  })

  test('--level info also names what was not looked at', async () => {
    const { out } = await run(['aws', 'lint', RECIPE, '--level', 'info'])
    expect(out).toContain('AWS::CloudWatch::Dashboard')
  })

  test('--json prints the findings as data', async () => {
    const { code, out } = await run(['aws', 'lint', RECIPE, '--json'])
    expect(code).toBe(1)
    const { findings, ignored } = JSON.parse(out) as { findings: object[]; ignored: object[] }
    expect(Object.keys(findings[0]!)).toEqual([
      'code',
      'level',
      'where',
      'message',
      'fix',
      'source',
    ])
    expect(ignored).toEqual([{ type: 'AWS::CloudWatch::Dashboard', id: 'Dashboard' }])
  })

  const recipe = JSON.parse(readFileSync(RECIPE, 'utf8')) as { Resources: Record<string, object> }
  const deep = `{"Resources":{"A":{"Type":"AWS::EC2::VPC","Properties":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_002)}}`
  const oddName = { Resources: { 'A\u001b[31mB\u202e': { Type: 'AWS::Lambda::Function' } } }

  test.each([
    ['nothing', ''],
    ['YAML', 'Resources:\n  Api:\n    Type: AWS::ApiGatewayV2::Api\n'],
    ['JSON that ends early', '{"Resources":{'],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[]'],
    ['an object of another kind', '{"openapi":"3.1.0"}'],
    ['a state file', '{"version":4,"terraform_version":"1.9.0","resources":[]}'],
    ['a tower of objects', deep],
    ['a tower of lists', `{"Resources":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a plan of nothing', '{"format_version":"1.2"}'],
    ['a plan without a module', '{"format_version":"1.2","planned_values":7}'],
    [
      'a state without resources',
      '{"format_version":"1.0","values":{"root_module":{"resources":{}}}}',
    ],
    ['a state of wrong types', '{"format_version":1,"values":{"root_module":{"resources":[7]}}}'],
    ['resources that are a list', '{"Resources":[1]}'],
    ['resources that are null', '{"Resources":null}'],
    ['a resource that is a text', '{"Resources":{"A":"B"}}'],
    ['a type that is a number', '{"Resources":{"A":{"Type":7}}}'],
    [
      'properties of the wrong type',
      '{"Resources":{"A":{"Type":"AWS::Lambda::Function","Properties":[]}}}',
    ],
    ['a name with terminal sequences', JSON.stringify(oddName)],
    [
      'a reference to itself',
      JSON.stringify({
        Resources: { A: { Type: 'AWS::Lambda::Function', Properties: { Role: { Ref: 'A' } } } },
      }),
    ],
    [
      'a reference to nothing',
      JSON.stringify({
        Resources: {
          ...recipe.Resources,
          Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: { Ref: 'Gone' } } },
        },
      }),
    ],
  ])('%s is one line and exit 2', async (name, content) => {
    const { code, out, err } = await run(['aws', 'lint', write(`${name}.json`, content)])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^postern: [^\n\u001b\u202e]+ \(see postern --help\)\n$/)
    expect(err.length).toBeLessThan(1000)
  })

  test('names of the prototype chain are names like others', async () => {
    const Resources = JSON.parse(
      '{"__proto__":{"Type":"__proto__"},"constructor":{"Type":"constructor","Properties":{"toString":1}}}',
    ) as unknown
    const { code, err } = await run(['aws', 'lint', write('proto.json', { Resources })])
    expect([code, err]).toEqual([0, ''])
  })

  test('a huge template ends within seconds', { timeout: 60_000 }, async () => {
    const Resources: Record<string, unknown> = { ...recipe.Resources }
    for (let n = 0; n < 500; n++) {
      Resources[`F${n}`] = { ...recipe.Resources['Function'] }
      Resources[`R${n}`] = { ...recipe.Resources['RegisterRoute'] }
      Resources[`P${n}`] = { ...recipe.Resources['Permission'] }
      Resources[`I${n}`] = { ...recipe.Resources['Integration'] }
    }
    const { code, out, err } = await run([
      'aws',
      'lint',
      write('huge.json', { ...recipe, Resources }),
    ])
    expect([code, err]).toEqual([1, ''])
    expect(out).toContain('SECRET_IN_ENVIRONMENT')
  })

  test('a template beyond any quota is refused', { timeout: 60_000 }, async () => {
    const names = Array.from({ length: 10_001 }, (_, n) => [
      `Bus${n}`,
      { Type: 'AWS::EC2::InternetGateway' },
    ])
    const template = { Resources: Object.fromEntries(names) as unknown }
    const { code, err } = await run(['aws', 'lint', write('beyond.json', template)])
    expect(code).toBe(2)
    expect(err).toMatch(/^postern: [^\n]+10000 resources \(see postern --help\)\n/)
  })
})
