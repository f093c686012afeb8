import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Check, countByStatus, runConformance, toResultSet } from '../support/conformance.ts'
import { type Deployment, freePort, PERSON, startDeployment } from '../support/deployment.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'

const AUTHORIZATION_URL = /^https?:\/\/\S+[?&]response_type=code\S*$/m

describe('the authorization leg of the official conformance tool', () => {
  let deployment: Deployment

  beforeAll(async () => {
    deployment = await startDeployment()
  })

  afterAll(async () => {
    await deployment.close()
  })

  async function register(redirectUri: string): Promise<string> {
    const response = await fetch(`${deployment.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [redirectUri], client_name: 'Conformance' }),
    })
    return ((await response.json()) as { client_id: string }).client_id
  }

  async function run(resource: string[]): Promise<Check[]> {
    const port = await freePort()
    const clientId = await register(`http://127.0.0.1:${port}/callback`)
    let signedIn: Promise<unknown> | undefined
    const args = ['--url', deployment.issuer, '--client-id', clientId, '--port', `${port}`]
    const { checks } = await runConformance(['authorization', ...args, ...resource], (soFar) => {
      const url = AUTHORIZATION_URL.exec(soFar)?.[0]
      if (url !== undefined) signedIn ??= new ScriptedPerson(PERSON).signInAndReturn(url)
    })
    await signedIn
    return checks
  }

  test.each(['with a resource', 'without a resource'] as const)(
    'passes every check %s, and warns of nothing but the metadata documents of a later issue',
    async (how) => {
      const resource = how === 'with a resource' ? ['--resource', deployment.mcpUrl] : []
      const checks = await run(resource)
      console.info(`authorization, ${how}:`, countByStatus(checks))
      expect(toResultSet(checks.filter(({ status }) => status === 'SUCCESS'))).toEqual([
        'authorization-code-grant: authorization-code-grant: SUCCESS',
        'authorization-server-metadata-endpoint: authorization-server-metadata: SUCCESS',
      ])
      expect(checks.filter(({ status }) => status !== 'SUCCESS')).toEqual([
        {
          scenario: 'authorization-server-metadata-endpoint',
          id: 'authorization-server-metadata-cimd',
          status: 'WARNING',
          message:
            'Authorization server metadata does not include "client_id_metadata_document_supported"',
        },
      ])
    },
  )
})
