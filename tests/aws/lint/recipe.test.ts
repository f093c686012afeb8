import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lint } from '../../../src/aws/lint/lint.ts'
import { loadTopology } from '../../../src/aws/lint/load.ts'
import type { Topology } from '../../../src/aws/topology.ts'
import { evaluate, findTerraform, RECIPE } from '../terraform/evaluate.ts'

const FOLDER = join(import.meta.dirname, 'recipe')
const SOURCES = ['template.json', 'plan.json', 'state.json']

async function topologyOf(file: string): Promise<Topology> {
  const loaded = await loadTopology(readFileSync(join(FOLDER, file), 'utf8'))
  if (!loaded.ok) throw new Error(loaded.failure)
  return loaded.value
}

/** The pitfalls of the published recipe that a topology shows, and what each is called here. */
const PITFALLS: [pitfall: string, codes: string[]][] = [
  ['the client’s secret is handed to anyone', ['SECRET_IN_ENVIRONMENT']],
  ['… and clients have to send it', ['EDGE_AUTHORIZATION_MISSING']],
  ['the function can be called past the edge', ['ORIGIN_BYPASSABLE']],
  ['the 401 names no metadata', ['CHALLENGE_MISSING']],
  ['tokens are not bound to the resource', ['RESOURCE_SERVER_MISMATCH']],
  ['… which takes managed login', ['MANAGED_LOGIN_OFF']],
  ['Accept and the Authorization of a GET are lost', ['ORIGIN_POLICY_MISSING']],
  ['ID tokens pass', ['AUTHORIZER_WITHOUT_SCOPES', 'AUTHORIZER_WITHOUT_SCOPES']],
  ['the token path takes every method', ['TOKEN_METHODS']],
  ['tokens cannot be revoked', ['REVOKE_NOT_ROUTED']],
  ['refresh tokens do not rotate', ['ROTATION_OFF']],
  ['errors are cached for 10 s', ['ERRORS_CACHED']],
  ['Cognito sets cookies on the domain', ['TOKEN_COOKIES']],
  // What else the recipe leaves at its default.
  ['anybody may make an account', ['SELF_SIGN_UP_OPEN']],
  ['strangers learn who has an account', ['USER_EXISTENCE_REVEALED']],
  ['logs never expire', ['LOG_GROUP_MISSING']],
  ['the security group lets requests out', ['SECURITY_GROUP_OPEN']],
]

describe('the published recipe, linted', () => {
  test.each(SOURCES)('%s shows its pitfalls, and nothing else', async (file) => {
    const codes = lint(await topologyOf(file)).map(({ code }) => code)
    const expected = PITFALLS.flatMap(([, named]) => named)
    expect(codes.filter((code) => code !== 'IGNORED').toSorted()).toEqual(expected.toSorted())
  })

  test('the committed plan and state are of the module beside them', () => {
    const hash = readFileSync(join(FOLDER, 'hash.txt'), 'utf8').trim()
    const module = readFileSync(join(FOLDER, 'main.tf'))
    expect(hash).toBe(createHash('sha256').update(module).digest('hex'))
  })

  test.runIf(findTerraform() !== undefined)(
    'real terraform plans the same today',
    { timeout: 60_000 },
    async () => {
      const { plan } = await evaluate({}, RECIPE)
      const loaded = await loadTopology(JSON.stringify(plan))
      expect(loaded.ok && loaded.value).toEqual(await topologyOf('plan.json'))
    },
  )
})
