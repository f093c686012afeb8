import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Topology } from '../../../src/aws/topology.ts'
import { listenForCallback } from '../../../src/aws/verify/callback-listener.ts'
import type { LoginPorts } from '../../../src/aws/verify/login.ts'
import { verify, type Report } from '../../../src/aws/verify/verify.ts'
import { ScriptedPerson } from '../../support/scripted-person.ts'
import type { Deployment } from '../../twins/deployment.ts'
import type { Switches } from '../../twins/switches.ts'
import {
  bundle,
  deployTwins,
  PERSON,
  synthesize,
  type Bundles,
  type Props,
} from './twin-deployment.ts'

// Each test deploys a whole template.
const SLOW = { timeout: 90_000 }

let bundles: Bundles
let deployment: Deployment | undefined
beforeAll(async () => {
  bundles = await bundle()
}, SLOW.timeout)
afterAll(() => bundles.remove())
afterEach(async () => {
  await deployment?.close()
  deployment = undefined
})

async function start(
  props: Props,
  switches: Partial<Switches> = {},
  change: (topology: Topology) => Topology = (topology) => topology,
): Promise<Deployment> {
  deployment = await deployTwins(change(synthesize(props, bundles)), switches, bundles)
  return deployment
}

/** With `signIn` a person does, in a browser that goes wherever it is sent. */
function look(
  at: Deployment,
  signIn = false,
  { cognitoAaaa }: Partial<Switches> = {},
): Promise<Report> {
  const person = new ScriptedPerson(PERSON, at.fetch)
  const visit = async (url: string): Promise<void> => {
    const response = await person.signInAndReturn(url)
    const next = response.headers.get('location')
    if (next !== null) await visit(next)
  }
  const loginPorts: LoginPorts = {
    announce: (url) => void visit(url),
    listen: listenForCallback,
    waitSeconds: 15,
  }
  const ports = {
    fetch: (url: string, init: RequestInit) => at.fetch(url, init),
    // The name server is no twin of its own.
    resolveAaaa: async () => (cognitoAaaa === 'absent' ? [] : ['2600:9000:1::1']),
    random: (length: number) => randomBytes(length),
  }
  return verify(at.mcpUrl, ports, signIn ? { loginPorts } : {})
}

const positionsOf = (report: Report): Record<string, string | null> =>
  Object.fromEntries(report.positions.map((each) => [each.switch, each.position]))
const summary = (report: Report): string[] =>
  report.findings.map(({ code, level }) => `${level} ${code}`)

const RELAY: Props = { mode: 'relay' }
const EDGE_SECRET: Props = { mode: 'relay', clientAuthentication: 'edge' }
const BOTH: Props = { mode: 'relay', defence: 'both' }
const FUNCTION: Props = { mode: 'relay', tokenPath: 'function' }
const BROKER: Props = { mode: 'broker' }
const RELAY_EXISTING: Props = { mode: 'relay', isExisting: true }
const BROKER_EXISTING: Props = { mode: 'broker', isExisting: true }

describe('a template of CDK, on AWS as documented', SLOW, () => {
  test.each([
    ['relay', RELAY, []],
    ['relay with a secret at the edge', EDGE_SECRET, []],
    ['relay with both guards', BOTH, []],
    ['relay whose token path is a function', FUNCTION, ['info TOKEN_BY_FUNCTION']],
    ['broker', BROKER, []],
    ['relay before a function that exists', RELAY_EXISTING, []],
    ['broker before a function that exists', BROKER_EXISTING, ['warning BAD_TOKEN_NOT_401']],
  ] as [string, Props, string[]][])(
    '%s: a person signs in, and there is nothing to mend',
    async (_, props, findings) => {
      const report = await look(await start(props), true)
      expect([report.mode, summary(report)]).toEqual([props.mode, findings])
      expect(report.login).toHaveLength(4)
      expect(report.login[0]).toContain('aud is the MCP URL')
      expect(report.login[3]).toBe('Revoked; a further refresh: 400 invalid_grant')
    },
  )

  test('a shared secret is named', async () => {
    const report = await look(await start({ ...RELAY, dangerouslyShareClientSecret: true }))
    expect(summary(report)).toEqual(['error CLIENT_SECRET_SHARED'])
  })

  test('each row has the position that the twins have, where the deployment can show it', async () => {
    const relay = positionsOf(await look(await start(RELAY), true))
    expect(relay).toEqual({
      authorizationHeaderOverride: null,
      headersPolicyOnErrors: 'applied',
      httpApiRemapsWwwAuthenticate: 'false',
      resourceAtToken: 'ignored',
      resourceBinding: 'lenient',
      scopeOmitted: 'all-scopes',
      invalidScope: 'redirect-with-description',
      cognitoAaaa: 'present',
      hostForwarding: null,
      basicAndBodySecret: null,
    })
    await deployment?.close()
    expect(positionsOf(await look(await start(EDGE_SECRET)))).toMatchObject({
      authorizationHeaderOverride: 'overrides',
      basicAndBodySecret: 'basic-wins',
    })
  })
})

interface Row {
  props: Props
  switches: Partial<Switches>
  /** What the report says, and what it says about signing in. */
  positions: Record<string, string | null>
  findings: string[]
  fix?: string
  signIn?: boolean
}

/** The other position of every switch, in every mode that it could touch. */
const ROWS: Row[] = [
  {
    props: EDGE_SECRET,
    switches: { authorizationHeaderOverride: 'viewer-wins' },
    positions: { authorizationHeaderOverride: 'viewer-wins' },
    // Clients that send no header of their own, as MCP clients do, still sign in.
    findings: ['warning EDGE_SECRET_OVERRULED'],
    fix: "clientAuthentication: 'public'",
    signIn: true,
  },
  {
    props: EDGE_SECRET,
    switches: { basicAndBodySecret: 'invalid-request' },
    positions: { basicAndBodySecret: 'invalid-request' },
    findings: ['warning BODY_SECRET_REFUSED'],
    fix: "clientAuthentication: 'public'",
    signIn: true,
  },
  {
    props: BOTH,
    switches: { headersPolicyOnErrors: 'skipped' },
    positions: { headersPolicyOnErrors: 'skipped' },
    // Before the authorizer the edge itself answers whoever has no token, or an old one.
    findings: ['warning CHALLENGE_NOT_ADDED', 'info TOKEN_SHOWS_COGNITO'],
    fix: "defence: 'lambda'",
    signIn: true,
  },
  {
    props: RELAY_EXISTING,
    switches: { headersPolicyOnErrors: 'skipped' },
    positions: { headersPolicyOnErrors: 'skipped', httpApiRemapsWwwAuthenticate: null },
    findings: ['warning CHALLENGE_NOT_ADDED', 'info TOKEN_SHOWS_COGNITO'],
    fix: 'mcpHandler',
    signIn: true,
  },
  {
    props: BROKER_EXISTING,
    switches: { headersPolicyOnErrors: 'skipped' },
    positions: { headersPolicyOnErrors: 'skipped', httpApiRemapsWwwAuthenticate: null },
    findings: ['warning BAD_TOKEN_NOT_401'],
    fix: 'mcpHandler',
    signIn: true,
  },
  {
    props: BROKER_EXISTING,
    switches: { apiUnauthorizedError: '401' },
    positions: { headersPolicyOnErrors: 'applied' },
    findings: [],
    signIn: true,
  },
  {
    props: RELAY,
    switches: {
      headersPolicyOnErrors: 'skipped',
      edgeSetCookie: 'passed',
      invalidScope: 'redirect-invalid-scope',
    },
    positions: { headersPolicyOnErrors: 'skipped', invalidScope: 'redirect-invalid-scope' },
    findings: ['warning TOKEN_SETS_COOKIE', 'info TOKEN_SHOWS_COGNITO'],
    signIn: true,
  },
  {
    props: BROKER,
    switches: { headersPolicyOnErrors: 'skipped', invalidScope: 'error-page' },
    positions: { headersPolicyOnErrors: null, invalidScope: 'error-page' },
    findings: [],
  },
  ...[RELAY, BROKER].map((props): Row => ({
    props,
    switches: { httpApiRemapsWwwAuthenticate: true },
    positions: { httpApiRemapsWwwAuthenticate: 'true' },
    findings: ['error CHALLENGE_REMAPPED'],
    fix: props === RELAY ? "defence: 'both'" : 'response headers policy',
  })),
  {
    props: BOTH,
    switches: { httpApiRemapsWwwAuthenticate: true },
    positions: { httpApiRemapsWwwAuthenticate: null },
    findings: [],
  },
  ...[RELAY, EDGE_SECRET].map((props): Row => ({
    props,
    switches: { resourceAtToken: 'invalid-request' },
    positions: { resourceAtToken: 'invalid-request' },
    findings: ['error TOKEN_REJECTS_RESOURCE'],
    fix: "tokenPath: 'function'",
  })),
  {
    props: FUNCTION,
    switches: { resourceAtToken: 'invalid-request' },
    positions: { resourceAtToken: 'invalid-request' },
    findings: ['info TOKEN_BY_FUNCTION'],
    signIn: true,
  },
  {
    props: BROKER,
    switches: {
      resourceAtToken: 'invalid-request',
      scopeOmitted: 'invalid-grant-at-token',
      invalidScope: 'ignored',
    },
    positions: {
      resourceAtToken: 'invalid-request',
      scopeOmitted: null,
      invalidScope: 'ignored',
    },
    findings: [],
    signIn: true,
  },
  {
    props: RELAY,
    switches: {
      resourceBinding: 'strict',
      scopeOmitted: 'invalid-grant-at-token',
      invalidScope: 'error-page',
      cognitoAaaa: 'present',
    },
    positions: {
      resourceBinding: 'strict',
      scopeOmitted: 'invalid-grant-at-token',
      invalidScope: 'error-page',
      cognitoAaaa: 'present',
    },
    findings: [],
    signIn: true,
  },
  {
    props: RELAY,
    switches: { resourceBinding: 'ignored', invalidScope: 'ignored', cognitoAaaa: 'absent' },
    positions: { resourceBinding: 'ignored', invalidScope: 'ignored', cognitoAaaa: 'absent' },
    findings: [],
    signIn: true,
  },
  {
    props: BROKER,
    switches: {
      resourceBinding: 'strict',
      hostForwarding: 'accepted',
      invalidScope: 'redirect-invalid-scope',
    },
    positions: {
      resourceBinding: null,
      hostForwarding: null,
      invalidScope: 'redirect-invalid-scope',
    },
    findings: [],
  },
]

describe('the other position of a switch', SLOW, () => {
  test.each(
    ROWS.map((row) => [
      JSON.stringify(row.props),
      JSON.stringify(row.switches),
      row.findings.join(', ') || 'nothing to mend',
      row,
    ]),
  )('%s with %s: %s', async (_, __, ___, row) => {
    const { props, switches, positions, findings, fix, signIn } = row
    const report = await look(await start(props, switches), signIn, switches)
    expect(positionsOf(report)).toMatchObject(positions)
    expect(summary(report)).toEqual(findings)
    expect(report.findings[0]?.fix ?? '').toContain(fix ?? '')
    expect(report.login[0]?.startsWith('Signed in')).toBe(signIn)
  })
})

describe('the command itself', SLOW, () => {
  test('reaches a deployment through a proxy and an authority of one’s own, and ends with 0', async () => {
    const at = await start(RELAY)
    const child = spawn(
      process.execPath,
      [resolve('bin/postern.js'), 'aws', 'verify', at.mcpUrl, '--json'],
      {
        env: {
          ...process.env,
          NODE_USE_ENV_PROXY: '1',
          HTTPS_PROXY: at.proxyUrl,
          NODE_EXTRA_CA_CERTS: at.caFile,
        },
      },
    )
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    const code = await new Promise((done) => child.once('close', done))
    expect(JSON.parse(out)).toMatchObject({ mode: 'relay', findings: [] })
    expect(code).toBe(0)
  })
})

describe('row 9, with AllViewer in place of AllViewerExceptHostHeader', SLOW, () => {
  const withAllViewer = (topology: Topology): Topology => ({
    ...topology,
    resources: topology.resources.map((resource) =>
      resource.kind !== 'distribution'
        ? resource
        : {
            ...resource,
            behaviors: resource.behaviors.map((behavior) => ({
              ...behavior,
              originRequestPolicy: behavior.originRequestPolicy && 'AllViewer',
            })),
          },
    ),
  })

  test('an API that refuses the public name is found, with the way out', async () => {
    const report = await look(await start(RELAY, {}, withAllViewer))
    expect(positionsOf(report)).toMatchObject({ hostForwarding: 'refused' })
    const finding = report.findings.find(({ code }) => code === 'API_REFUSES_HOST')
    expect(finding?.fix).toContain('AllViewerExceptHostHeader')
  })

  test('one that accepts it serves', async () => {
    const report = await look(await start(RELAY, { hostForwarding: 'accepted' }, withAllViewer))
    expect(summary(report)).toEqual([])
  })
})

describe('faults of a template', SLOW, () => {
  const change =
    (edit: (resource: Topology['resources'][number]) => object) =>
    (topology: Topology): Topology => ({
      ...topology,
      resources: topology.resources.map((resource) => ({ ...resource, ...edit(resource) })),
    })

  test.each([
    [
      'errors in the cache',
      'error ERRORS_CACHED',
      change((each) => (each.kind === 'distribution' ? { errorResponses: [] } : {})),
    ],
    [
      'no behaviour for /token',
      'error TOKEN_NOT_OAUTH',
      change((each) =>
        each.kind === 'distribution'
          ? { behaviors: each.behaviors.filter(({ pattern }) => pattern !== '/token') }
          : {},
      ),
    ],
    [
      'no policy on /token',
      'info TOKEN_SHOWS_COGNITO',
      change((each) =>
        each.kind === 'distribution'
          ? {
              behaviors: each.behaviors.map((behavior) => ({
                ...behavior,
                responseHeadersPolicy: null,
              })),
            }
          : {},
      ),
    ],
    [
      'callbacks that drifted',
      'error REDIRECT_URI_UNKNOWN',
      change((each) =>
        each.kind === 'userPoolClient' ? { callbackUrls: ['https://claude.ai/other'] } : {},
      ),
    ],
  ] as [string, string, (topology: Topology) => Topology][])('%s', async (_, finding, fault) => {
    expect(summary(await look(await start(RELAY, {}, fault)))).toContain(finding)
  })
})
