import { pkce, type Tokens } from '../../support/dance.ts'
import { ScriptedPerson } from '../../support/scripted-person.ts'
import type { Resource, Topology, UserPoolClient } from '../../../src/aws/topology.ts'
import { PERSON, type Cell } from './cell.ts'

interface PoolTokens extends Tokens {
  id_token?: string
}

const OTHER_CALLBACK = 'https://other.example/callback'

/** The template with a second application in the same user pool, and ID tokens for the first. */
export function withNeighbour(topology: Topology): Topology {
  const resources = topology.resources.flatMap((resource): Resource[] => {
    if (resource.kind === 'userPoolClient') {
      const scopes = [...new Set(['openid', 'email', ...resource.oauthScopes])]
      const own: UserPoolClient = { ...resource, oauthScopes: scopes }
      return [own, { ...own, name: 'other', callbackUrls: [OTHER_CALLBACK] }]
    }
    if (resource.kind === 'userPoolBranding')
      return [
        resource,
        {
          ...resource,
          name: 'other',
          client: resource.client.replace(/(^|\.)client\b/, '$1other'),
        },
      ]
    return [resource]
  })
  return { ...topology, resources }
}

/** Signs the person in at the pool itself, past Postern, as an application of its own would. */
export async function signInAtPool(
  cell: Cell,
  client: 'client' | 'other',
  scope: string,
  resource?: string,
): Promise<PoolTokens> {
  const { fetch, resolved } = cell.deployment
  const found = resolved.resources.find(
    (each): each is UserPoolClient => each.kind === 'userPoolClient' && each.name === client,
  )
  const clientId = cell.identifier(`userPoolClient.${client}.id`)
  const redirectUri =
    found?.callbackUrls.find((url) => url.startsWith('https://')) ?? OTHER_CALLBACK
  const domain = cell.identifier('userPoolDomain.pool.url')
  const { verifier, challenge } = pkce()
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(resource === undefined ? {} : { resource }),
  })
  const person = new ScriptedPerson(PERSON, fetch)
  const redirect = await person.signIn(`${domain}/oauth2/authorize?${query}`)
  const answer = await fetch(`${domain}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      code: redirect.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: redirectUri,
    }),
  })
  if (!answer.ok) throw new Error(`${redirect}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as PoolTokens
}
