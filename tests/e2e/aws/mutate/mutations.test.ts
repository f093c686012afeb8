import { afterAll, describe, expect, test } from 'vitest'
import { compareTopologies } from '../../../../src/aws/parity.ts'
import type { Topology } from '../../../../src/aws/topology.ts'
import { topologyOf } from '../topologies.ts'
import { breaksOf, planBreaks } from './mutations.ts'
import { PROBES } from './probes.ts'
import { Breaker, INSPECTIONS } from './run.ts'
import { summarize } from './summary.ts'
import { type MutatedVariant, PROMISES } from './world.ts'

const VARIANTS = Object.keys(PROMISES) as MutatedVariant[]
const KINDS = [
  'behaviour',
  'policy',
  'route',
  'authorizer',
  'permission',
  'subnet route',
  'client',
] as const

const topologies = new Map<MutatedVariant, Topology>()
function healthy(variant: MutatedVariant): Topology {
  const topology = topologies.get(variant) ?? topologyOf('cdk', variant)
  topologies.set(variant, topology)
  return topology
}

/** Paths of every setting that is there: neither absent nor what tells one thing from another. */
function settingsOf(value: unknown, path: string): string[] {
  if (value === null) return []
  if (Array.isArray(value))
    return value.flatMap((item: unknown) => {
      if (typeof item !== 'object' || item === null) return [path]
      const { pattern, id, status, name } = item as Record<string, unknown>
      return settingsOf(item, `${path}[${String(pattern ?? id ?? status ?? name)}]`)
    })
  if (typeof value !== 'object') return [path]
  return Object.entries(value)
    .filter(([name]) => !['kind', 'id', 'name', 'status'].includes(name))
    .flatMap(([name, member]) => settingsOf(member, `${path}.${name}`))
}

describe.each(VARIANTS)('the breaks of %s', (variant) => {
  const topology = healthy(variant)
  const breaks = [...breaksOf(topology)]

  test('change exactly one thing each', () => {
    for (const each of breaks)
      expect([each.setting, compareTopologies(topology, each.topology).length]).toEqual([
        each.setting,
        1,
      ])
  })

  test('are all different', () => {
    expect(new Set(breaks.map(({ setting }) => setting)).size).toBe(breaks.length)
  })

  test('leave out no setting', () => {
    const settings = topology.resources.flatMap((resource) => {
      const path = `${resource.kind}.${resource.name}`
      switch (resource.kind) {
        case 'distribution':
          return [
            ...settingsOf(resource.behaviors, `${path}.behaviors`),
            ...settingsOf(resource.origins, `${path}.origins`),
            ...settingsOf(resource.errorResponses, `${path}.errorResponses`),
          ]
        case 'responseHeadersPolicy':
        case 'route':
        case 'authorizer':
        case 'permission':
        case 'userPoolClient':
          return settingsOf(resource, path)
        default:
          return []
      }
    })
    // Of authorizers in Lambda only.
    const meaningless = healthyJwtAuthorizers(topology).map((name) => `${name}.simpleResponses`)
    const missing = settings.filter(
      (path) =>
        !breaks.some(({ setting }) => setting.startsWith(path)) && !meaningless.includes(path),
    )
    expect(settings.length).toBeGreaterThan(60)
    expect(missing).toEqual([])
  })
})

function healthyJwtAuthorizers({ resources }: Topology): string[] {
  return resources.flatMap((each) =>
    each.kind === 'authorizer' && each.type === 'JWT' ? [`authorizer.${each.name}`] : [],
  )
}

test('there are breaks of every kind in both modes, and what variants share is broken once', () => {
  const planned = planBreaks(VARIANTS, healthy)
  for (const mode of ['relay', 'broker'])
    for (const kind of KINDS) {
      const found = planned.filter(({ variant, what }) => what === kind && variant.startsWith(mode))
      expect([mode, kind, found.length > 0]).toEqual([mode, kind, true])
    }
  const everywhere = VARIANTS.flatMap((variant) => [...breaksOf(healthy(variant))])
  expect(planned.length).toBeGreaterThan(400)
  expect(planned.length).toBeLessThan(everywhere.length / 1.5)
  const inEdgeSecret = planned.filter(({ variant }) => variant === 'relay-edge-secret')
  expect(inEdgeSecret.map(({ setting }) => setting)).toEqual([
    ...inEdgeSecret.map(({ setting }) => setting).filter((each) => each.includes('[cognito]')),
    'userPoolClient.client.generateSecret: true ⇒ false',
  ])
})

test('the summary counts what noticed, and fails where nothing did', () => {
  const verdicts = ['a person signs in', 'lint CYCLE', 'the deployment is accepted (no)', 'parity']
  const noticed = summarize(['a', 'b', 'c', 'd'], verdicts, 1)
  expect(noticed.allNoticed).toBe(true)
  expect(noticed.text.split('\n')).toEqual([
    '4 breaks in 1 s: 1 show in what the deployment does, 1 cannot be deployed, 1 are found by the linter, 1 by parity with Terraform alone',
    'parity alone: d',
    '4 passed, 0 failed',
  ])
  const unnoticed = summarize(['a', 'b'], ['a person signs in', undefined], 1)
  expect(unnoticed.allNoticed).toBe(false)
  expect(unnoticed.text).toMatch(/\nNOTHING TURNED RED: b\n1 passed, 1 failed$/)
})

describe('a break', () => {
  const variant = 'relay-public'
  const breaker = new Breaker(PROBES, INSPECTIONS, healthy)
  afterAll(() => breaker.close())

  const broken = (setting: string): Topology => {
    const found = [...breaksOf(healthy(variant))].find((each) => each.setting === setting)
    if (found === undefined) throw new TypeError(`nothing breaks ${setting}`)
    return found.topology
  }
  const HTTP = broken('distribution.edge.behaviors[*].viewerProtocol: https-only ⇒ allow-all')
  const GRACE = broken('userPoolClient.client.refreshTokenRotation.graceSeconds: 60 ⇒ 6')
  const WIDE = broken('permission.front.action: lambda:InvokeFunction ⇒ lambda:*')
  const ID_TOKENS = broken('userPoolClient.client.idTokenMinutes: 60 ⇒ 600')
  const UNDEPLOYABLE = broken('distribution.edge.behaviors[*]: removed')

  test('turns red what it breaks, one after the other, and nothing stays broken', async () => {
    expect(await breaker.judge(variant, healthy(variant))).toBeUndefined()
    expect(await breaker.judge(variant, HTTP)).toBe('plain http is not answered')
    expect(await breaker.judge(variant, UNDEPLOYABLE)).toMatch(/^the deployment is accepted \(/)
    expect(await breaker.judge(variant, GRACE)).toBe(
      'a refresh token is replaced, and its first answer may get lost for 50 s',
    )
    expect(await breaker.judge(variant, WIDE)).toBe('lint PERMISSION_TOO_WIDE')
    expect(await breaker.judge(variant, ID_TOKENS)).toBe('parity')
    await breaker.finish()
  }, 60_000)

  test.each([
    ['plain http is not answered', HTTP],
    ['a refresh token is replaced, and its first answer may get lost for 50 s', GRACE],
  ])(
    'goes unnoticed without the probe %s',
    async (name, topology) => {
      const probes = PROBES.filter((probe) => probe.name !== name)
      expect(probes.length).toBe(PROBES.length - 1)
      const blind = new Breaker(probes, [], healthy)
      try {
        expect(await blind.judge(variant, topology)).toBeUndefined()
      } finally {
        await blind.close()
      }
    },
    60_000,
  )
})
