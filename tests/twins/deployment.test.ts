import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findResource, type Topology } from '../../src/aws/topology.ts'
import { closeChromium, newPerson } from '../support/chromium.ts'
import { logIn } from '../support/person.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { deploy, type Deployment, type DeployOptions } from './deployment.ts'
import { ADA, change, MCP_URL, smallTopology, writeHandlers } from './deployment/small-topology.ts'

let handlers: Awaited<ReturnType<typeof writeHandlers>>
beforeAll(async () => {
  handlers = await writeHandlers()
})
afterAll(async () => {
  await handlers.remove()
  await closeChromium()
})

const DOMAIN = 'https://notes-111122223333.auth.eu-central-1.amazoncognito.com'

const opened: Deployment[] = []
afterEach(async () => {
  for (const deployment of opened.splice(0)) await deployment.close()
})

async function start(
  topology: Topology = smallTopology(),
  options: Partial<DeployOptions> = {},
): Promise<Deployment> {
  const deployment = await deploy(topology, {
    assetPath: () => handlers.folder,
    users: [ADA],
    ...options,
  })
  opened.push(deployment)
  return deployment
}

interface Echo {
  path: string
  originSecret: string | null
  publicHost: string | null
  environment: Record<string, string>
}

async function visit(deployment: Deployment, url = MCP_URL): Promise<Echo> {
  const response = await deployment.fetch(url)
  return (await response.json()) as Echo
}

function secretOf(deployment: Deployment): Record<string, string> {
  const fn = findResource(deployment.resolved, 'function', 'keys')
  const text = deployment.secrets.current(fn?.environment['POSTERN_SECRET_ARN'] ?? '')
  return JSON.parse(text ?? '{}') as Record<string, string>
}

describe('a deployed template', () => {
  it.each(['cloudformation', 'terraform'] as const)(
    'gives functions and edge what only the template wires, by %s',
    async (via) => {
      const deployment = await start(smallTopology(), { via })
      const { path, originSecret, publicHost, environment } = await visit(deployment)
      expect({ path, originSecret, publicHost }).toEqual({
        path: '/mcp',
        originSecret: 'secret-of-1',
        publicHost: 'mcp.example.com',
      })
      expect(environment['POSTERN_ORIGIN_SECRET_SHA256']).toBe('hash-of-secret-of-1')
      const issuer = environment['POSTERN_IDP_ISSUER'] ?? ''
      expect(issuer).toMatch(
        /^https:\/\/cognito-idp\.eu-central-1\.amazonaws\.com\/eu-central-1_\w{9}$/,
      )
      const published = await deployment.fetch(`${issuer}/.well-known/jwks.json`)
      expect(environment['POSTERN_JWKS']).toBe(await published.text())
      expect(deployment).toMatchObject({ mcpUrl: MCP_URL, origin: 'https://mcp.example.com' })
    },
  )

  it('keeps the network of its functions: inside a VPC nothing leaves', async () => {
    const deployment = await start()
    await visit(deployment)
    expect(deployment.lambdas.get('front')?.counters.transmitted).toBeOneOf([0, 'not proven'])
    expect(deployment.lambdas.get('keys')?.counters.transmitted).toBe(null)
  })

  it.each([
    [
      'a NAT gateway, and a security group that lets it out',
      'natGateway',
      ['tcp 443 0.0.0.0/0'],
      true,
    ],
    ['a NAT gateway behind a closed security group', 'natGateway', [], false],
    [
      'an internet gateway, without an address of its own',
      'internetGateway',
      ['tcp 443 0.0.0.0/0'],
      false,
    ],
  ] as const)('decides by %s whether a function has the internet', async (_, kind, egress, has) => {
    const way = change(smallTopology(), 'securityGroup', 'functions', { egress })
    const target = `\${${kind}.way.id}`
    const deployment = await start({
      ...way,
      resources: [
        ...way.resources,
        { kind, name: 'way' },
        {
          kind: 'networkRoute',
          name: 'way',
          routeTable: 'private0',
          destination: '0.0.0.0/0',
          target,
        },
      ],
    })
    expect(deployment.lambdas.get('front')?.counters.transmitted === null).toBe(has)
  })

  it('signs a person in at the domain, and the edge adds the secret of the client', async () => {
    const deployment = await start()
    const { environment } = await visit(deployment)
    const clientId = environment['POSTERN_IDP_CLIENT_ID'] ?? ''
    const redirectUri = 'http://localhost:3334/oauth/callback'
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: `${MCP_URL}/tools`,
      resource: MCP_URL,
    })
    const person = new ScriptedPerson(
      { username: ADA.email, password: ADA.password },
      deployment.fetch,
    )
    const end = await person.signIn(`${DOMAIN}/oauth2/authorize?${query}`)
    const form = {
      grant_type: 'authorization_code',
      client_id: clientId,
      code: end.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
    }
    const redeem = (url: string) =>
      deployment.fetch(url, { method: 'POST', body: new URLSearchParams(form) })
    const response = await redeem('https://mcp.example.com/token')
    const { access_token: token } = (await response.json()) as { access_token: string }
    const claims = JSON.parse(atob(token.split('.')[1] ?? '')) as Record<string, unknown>
    expect(claims).toMatchObject({
      iss: environment['POSTERN_IDP_ISSUER'],
      aud: MCP_URL,
      client_id: clientId,
      username: claims['sub'],
    })
    // Past the edge the client has no secret to show.
    expect(await (await redeem(`${DOMAIN}/oauth2/token`)).json()).toEqual({
      error: 'invalid_client',
    })
  })

  it('reaches the domain of the pool only under its own name', async () => {
    const edge = findResource(smallTopology(), 'distribution', 'edge')
    const behaviors = edge?.behaviors.map((each) => ({ ...each, originRequestPolicy: 'AllViewer' }))
    const deployment = await start(
      change(smallTopology(), 'distribution', 'edge', { behaviors: behaviors ?? [] }),
    )
    const response = await deployment.fetch('https://mcp.example.com/token', { method: 'POST' })
    expect(response.status).toBe(403)
  })

  it('shows its login page to a real browser', async () => {
    const callback = createServer((_request, response) => response.end('back'))
    callback.listen(0, '127.0.0.1')
    await once(callback, 'listening')
    const { port } = callback.address() as AddressInfo
    const redirectUri = `http://127.0.0.1:${port}/callback`
    const deployment = await start(
      change(smallTopology(), 'userPoolClient', 'client', { callbackUrls: [redirectUri] }),
    )
    const { environment } = await visit(deployment)
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: environment['POSTERN_IDP_CLIENT_ID'] ?? '',
      redirect_uri: redirectUri,
      state: 'mine',
    })
    const person = await newPerson({ proxyUrl: deployment.proxyUrl })
    try {
      const page = await person.newPage()
      await page.goto(`${DOMAIN}/oauth2/authorize?${query}`)
      await logIn(page, { username: ADA.email, password: ADA.password })
      await page.waitForURL((url) => url.href.startsWith(redirectUri))
      expect(page.url()).toMatch(/\?code=[\w-]+&state=mine$/)
    } finally {
      await person.close()
      callback.close()
    }
  })

  it('calls keys again where its input has changed, and only then', async () => {
    const deployment = await start()
    const before = secretOf(deployment)
    const rotated = change(smallTopology(), 'keys', 'keys', {
      input: { ...findResource(smallTopology(), 'keys', 'keys')?.input, rotation: '2' },
    })
    await deployment.redeploy(smallTopology())
    expect(deployment.lambdas.get('keys')?.counters.invocations).toBe(1)
    expect(secretOf(deployment)).toEqual(before)

    const between: (string | null)[] = []
    await deployment.redeploy(rotated, {
      beforeDistributions: async () => {
        const { originSecret, environment } = await visit(deployment)
        between.push(originSecret, environment['POSTERN_ORIGIN_SECRET_SHA256'] ?? null)
      },
    })
    expect(between).toEqual(['secret-of-1', 'hash-of-secret-of-2'])
    expect(await visit(deployment)).toMatchObject({ originSecret: 'secret-of-2' })
    const logged = deployment
      .deliveredLogs('keys')
      .filter((line) => /^(?:Create|Update)/.test(line))
    expect(logged).toEqual([
      'Create undefined undefined',
      expect.stringMatching(/^Update the-keys .*"rotation":"1"/),
    ])
    expect(deployment.deliveredLogs('keys').join()).not.toContain('secret-of-')
  })

  it('leaves functions running that a new template does not change', async () => {
    const deployment = await start()
    await visit(deployment)
    const front = deployment.lambdas.get('front')
    await deployment.redeploy(smallTopology())
    await visit(deployment)
    expect(front?.counters.coldStarts).toBe(1)
    const environment = {
      ...findResource(smallTopology(), 'function', 'front')?.environment,
      NEW: '1',
    }
    await deployment.redeploy(change(smallTopology(), 'function', 'front', { environment }))
    expect((await visit(deployment)).environment['NEW']).toBe('1')
    expect(front?.counters.coldStarts).toBe(2)
  })

  it('is whole again after a template that could not be deployed', async () => {
    const deployment = await start()
    const withoutRoutes = smallTopology().resources.filter(({ kind }) => kind !== 'route')
    const resources = withoutRoutes.map((each) =>
      each.kind === 'distribution' ? { ...each, behaviors: [] } : each,
    )
    await expect(deployment.redeploy({ resources, ignored: [] })).rejects.toThrow(
      /default behavior/,
    )
    await deployment.redeploy(smallTopology())
    expect((await visit(deployment)).path).toBe('/mcp')
  })

  it('answers at nothing after it was closed', async () => {
    const deployment = await start()
    await deployment.close()
    opened.splice(0)
    await expect(deployment.fetch(MCP_URL)).rejects.toThrow()
  })
})

describe('the schedule', () => {
  it('fires, and a failure of its function raises the alarm for an hour', async () => {
    const clock = { ms: Date.now(), now: () => clock.ms }
    const deployment = await start(smallTopology(), { clock })
    expect(await deployment.fireSchedule('keyWatch')).toBe('succeeded')
    expect(deployment.alarmState('keyWatch')).toBe('OK')
    await deployment.pool.rotateKeys()
    expect(await deployment.fireSchedule('keyWatch')).toBe('failed')
    expect(deployment.alarmState('keyWatch')).toBe('ALARM')
    clock.ms += 3_600_001
    expect(deployment.alarmState('keyWatch')).toBe('OK')
  })

  it.each<[string, (topology: Topology) => Topology]>([
    ['it is disabled', (t) => change(t, 'schedule', 'keyWatch', { enabled: false })],
    ['nothing permits it', (t) => change(t, 'permission', 'keyWatch', null)],
    [
      'the permission is for another rule',
      (t) =>
        change(t, 'permission', 'keyWatch', {
          sourceArn: 'arn:aws:events:eu-central-1:111122223333:rule/other',
        }),
    ],
  ])('reaches nobody where %s', async (_, changed) => {
    const deployment = await start(changed(smallTopology()))
    expect(await deployment.fireSchedule('keyWatch')).toBe('not invoked')
  })
})

describe('logs', () => {
  it('arrive only where the role lets the function write them', async () => {
    const silent = await start(
      change(smallTopology(), 'role', 'front', {
        managedPolicies: [],
        statements: [{ actions: ['ec2:*'], resources: ['*'] }],
      }),
    )
    await visit(silent)
    expect(silent.deliveredLogs('front')).toEqual([])
    expect(silent.lambdas.get('front')?.logs).toHaveLength(2)
  })
})

describe('a brought function', () => {
  it('runs behind the API by its ARN', async () => {
    const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:theirs'
    const topology = change(
      change(smallTopology(), 'integration', 'front', { function: arn }),
      'permission',
      'front',
      { function: arn },
    )
    const deployment = await start(topology, {
      existing: {
        [arn]: { assetPath: handlers.folder, handler: 'front.handler', environment: { A: 'b' } },
      },
    })
    expect((await visit(deployment)).environment).toMatchObject({
      A: 'b',
      AWS_LAMBDA_FUNCTION_NAME: 'theirs',
    })
  })
})

describe('refusals at deployment', () => {
  const keysInput = (more: Record<string, string>) => (t: Topology) =>
    change(t, 'keys', 'keys', { input: { ...findResource(t, 'keys', 'keys')?.input, ...more } })
  const client =
    (changes: Parameters<typeof change<'userPoolClient'>>[3]) =>
    (t: Topology): Topology =>
      change(t, 'userPoolClient', 'client', changes)
  const front =
    (changes: Parameters<typeof change<'function'>>[3]) =>
    (t: Topology): Topology =>
      change(t, 'function', 'front', changes)

  it.each<[string, (topology: Topology) => Topology, string]>([
    [
      'a placeholder that nothing resolves',
      front({ environment: { A: '${keys.keys.other}', B: '${userPool.other.id}' } }),
      'function.front.environment.A: nothing gives ${keys.keys.other} a value; function.front.environment.B',
    ],
    [
      'a member that the secret does not have',
      (t) =>
        change(t, 'distribution', 'edge', {
          accessLogs: { destination: '${secret.postern.other}' },
        }),
      'distribution.edge.accessLogs.destination: nothing gives ${secret.postern.other} a value',
    ],
    [
      'resources that wait for each other',
      (t) =>
        change(t, 'function', 'keys', {
          environment: {
            POSTERN_SECRET_ARN: '${secret.postern.arn}',
            A: '${distribution.edge.domain}',
          },
        }),
      'circular dependency: distribution.edge → keys.keys → function.keys → distribution.edge',
    ],
    [
      'a keys function without the permission to write the secret',
      (t) => change(t, 'role', 'keys', { statements: [] }),
      'AccessDeniedException',
    ],
    [
      'a keys function that does not answer',
      keysInput({ silent: 'yes' }),
      'no response, the stack would wait for an hour',
    ],
    [
      'an answer with a media type, which its URL was not signed for',
      keysInput({ mediaType: 'application/json' }),
      'no response',
    ],
    [
      'a role that Lambda cannot assume',
      (t) => change(t, 'role', 'front', { service: 'ec2.amazonaws.com' }),
      'cannot be assumed by Lambda',
    ],
    [
      'a function in a VPC without the right to a network interface',
      (t) => change(t, 'role', 'front', { managedPolicies: [] }),
      'CreateNetworkInterface',
    ],
    ['variables over 4 KB', front({ environment: { A: 'x'.repeat(4096) } }), '4KB limit'],
    ['a reserved variable', front({ environment: { AWS_REGION: 'x' } }), 'AWS_REGION is reserved'],
    ['a runtime that is gone', front({ runtime: 'nodejs18.x' }), 'nodejs18.x is not supported'],
    [
      'rotation together with the refresh flow',
      client({ explicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] }),
      'rotation excludes ALLOW_REFRESH_TOKEN_AUTH',
    ],
    [
      'rotation with the default flows, which have the refresh flow',
      client({ explicitAuthFlows: [] }),
      'rotation excludes ALLOW_REFRESH_TOKEN_AUTH',
    ],
    [
      'a scope whose resource server might come later',
      client({ after: [] }),
      'nothing makes the client wait for its resource server',
    ],
    [
      'a scope of no resource server',
      client({ oauthScopes: ['https://mcp.example.com/mcp/other'] }),
      'is of no resource server',
    ],
    [
      'more than 100 callback URLs',
      client({
        callbackUrls: Array.from({ length: 101 }, (_, n) => `http://localhost:${4000 + n}/a`),
      }),
      'more than 100 callback URLs',
    ],
    [
      'a callback URL without TLS',
      client({ callbackUrls: ['http://mcp.example.com/callback'] }),
      'is http and not loopback',
    ],
    ['a token of four minutes', client({ accessTokenMinutes: 4 }), 'validity of the access token'],
    [
      'a resource server whose name is a URL',
      (t) => change(t, 'resourceServer', 'mcp', { displayName: MCP_URL }),
      'does not match',
    ],
    [
      'a domain with a reserved word',
      (t) => change(t, 'userPoolDomain', 'pool', { domain: 'my-cognito' }),
      'reserved word: cognito',
    ],
    [
      'managed login in the tier without it',
      (t) => change(t, 'userPool', 'pool', { tier: 'LITE' }),
      'managed login is unavailable',
    ],
  ])('names %s', async (_, changed, message) => {
    await expect(start(changed(smallTopology()))).rejects.toThrow(message)
  })

  it('names all problems at once', async () => {
    const topology = client({ after: [], explicitAuthFlows: [], accessTokenMinutes: 1 })(
      smallTopology(),
    )
    const error: unknown = await start(topology).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'DeploymentError', problems: { length: 3 } })
  })
})

describe('sign-in pages', () => {
  const authorize = (deployment: Deployment): Promise<Response> => {
    const fn = findResource(deployment.resolved, 'function', 'front')
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: fn?.environment['POSTERN_IDP_CLIENT_ID'] ?? '',
      redirect_uri: 'http://localhost:3334/oauth/callback',
    })
    return deployment.fetch(`${DOMAIN}/oauth2/authorize?${query}`)
  }

  it.each<[string, (topology: Topology) => Topology, number, RegExp]>([
    ['a form', (t) => t, 200, /<form method="post"/],
    [
      'an error where managed login has no style for the client',
      (t) => change(t, 'userPoolBranding', 'client', null),
      403,
      /Login pages unavailable/,
    ],
    [
      'a form in the classic pages, which need no style',
      (t) =>
        change(change(t, 'userPoolBranding', 'client', null), 'userPoolDomain', 'pool', {
          managedLoginVersion: 1,
        }),
      200,
      /<form method="post"/,
    ],
    [
      'nothing to sign in with where the client has no identity provider',
      (t) => change(t, 'userPoolClient', 'client', { identityProviders: [] }),
      200,
      /^(?![^]*<form)/,
    ],
    [
      'an offer to sign up only where anybody may',
      (t) => change(t, 'userPool', 'pool', { adminCreateUserOnly: false }),
      200,
      /Create an account/,
    ],
  ])('show %s', async (_, changed, status, body) => {
    const deployment = await start(changed(smallTopology()))
    const response = await authorize(deployment)
    expect(response.status).toBe(status)
    expect(await response.text()).toMatch(body)
  })

  it('do not exist without a domain', async () => {
    const withoutDomain = change(smallTopology(), 'userPoolDomain', 'pool', null)
    const edge = findResource(withoutDomain, 'distribution', 'edge')
    const deployment = await start(
      change(withoutDomain, 'distribution', 'edge', {
        origins: edge?.origins.slice(0, 1) ?? [],
        behaviors: edge?.behaviors.slice(1) ?? [],
      }),
    )
    await expect(authorize(deployment)).rejects.toThrow()
  })
})
