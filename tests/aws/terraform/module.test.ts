import { globSync, readFileSync } from 'node:fs'
import { parse } from '@cdktf/hcl2json'
import { describe, expect, test } from 'vitest'
import { callbackUrls } from '../../../src/aws/callback-urls.ts'
import { INPUT, VARIANTS } from '../variants.ts'
import { MODULE } from './evaluate.ts'
import { readState, terraformTopology } from './states.ts'

const MCP_URL = `https://${INPUT.domainName}${INPUT.path}`
const SENTENCE = /^.{10,}\.$/

type Declared = Record<string, { description?: string; type?: string }[]>

async function declarations(kind: 'variable' | 'output'): Promise<Declared> {
  const path = `${MODULE}/${kind}s.tf`
  const parsed = (await parse(path, readFileSync(path, 'utf8'))) as Record<string, Declared>
  return parsed[kind] ?? {}
}

describe('The Terraform module', () => {
  test.each(globSync('{terraform,examples}/**/*.tf'))('has no syntax error in %s', async (path) => {
    await expect(parse(path, readFileSync(path, 'utf8'))).resolves.toBeTypeOf('object')
  })

  test('puts its subnets into zones where Lambda is, not into Local Zones', async () => {
    const path = `${MODULE}/network.tf`
    const parsed: unknown = await parse(path, readFileSync(path, 'utf8'))

    // Local Zones that the account has opted into come first in the list of names.
    expect(parsed).toHaveProperty('data.aws_availability_zones.available.0.filter', [
      { name: 'opt-in-status', values: ['opt-in-not-required'] },
    ])
  })

  test('describes and types every variable, and describes every output', async () => {
    const variables = Object.entries(await declarations('variable'))
    const outputs = Object.entries(await declarations('output'))

    expect(variables.length).toBeGreaterThan(20)
    for (const [name, [variable]] of variables)
      expect({ name, ...variable }).toMatchObject({
        name,
        description: expect.stringMatching(SENTENCE),
        type: expect.any(String),
      })
    expect(outputs.length).toBeGreaterThan(5)
    for (const [name, [output]] of outputs)
      expect({ name, ...output }).toMatchObject({
        name,
        description: expect.stringMatching(SENTENCE),
      })
  })

  test.each(VARIANTS)('has a committed state of %s that is of its present files', (variant) => {
    expect(readState(variant)).toHaveProperty('values.root_module')
  })

  test('derives the callback URLs that postern callback-urls prints', () => {
    expect(readState('relay-public')).toHaveProperty(
      'values.outputs.callback_urls.value',
      callbackUrls({ url: MCP_URL }),
    )
    expect(readState('broker')).toHaveProperty('values.outputs.callback_urls.value', [
      `https://${INPUT.domainName}/idp/callback`,
    ])
  })

  test('gives no function but the relay facade that shares it anything of the secret', () => {
    for (const variant of VARIANTS) {
      const environments = terraformTopology(variant).resources.flatMap((resource) =>
        resource.kind === 'function' ? Object.entries(resource.environment) : [],
      )
      const told = environments.filter(([, value]) => /\$\{secret\.postern\.(?!arn\})/.test(value))

      expect(told.map(([name]) => name)).toEqual(
        variant === 'relay-shared-secret' ? ['POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET'] : [],
      )
    }
  })
})
