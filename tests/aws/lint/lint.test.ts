import { describe, expect, test } from 'vitest'
import { lint, RULES } from '../../../src/aws/lint/lint.ts'
import { isAtLeast } from '../../../src/aws/verify/finding.ts'
import { FAULTS } from './faults.ts'
import { terraformTopology } from '../terraform/states.ts'
import { type Variant, VARIANTS } from '../variants.ts'
import { draft, healthy, the } from './healthy.ts'

describe('lint', () => {
  // What was opted into by a name that says so is still said.
  const declared = (variant: Variant): string[] =>
    variant === 'relay-shared-secret' ? ['CLIENT_SECRET_SHARED'] : []

  test.each(VARIANTS)('has nothing to say of a healthy deployment: %s', (variant) => {
    expect(lint(healthy(variant)).map(({ code }) => code)).toEqual(declared(variant))
    expect(lint(terraformTopology(variant)).map(({ code }) => code)).toEqual(declared(variant))
  })

  test.each(FAULTS.map((fault) => [fault.code, fault.title, fault] as const))(
    '%s: %s',
    (code, _, { variant, break: breakIt, also = [] }) => {
      const topology = draft(variant)
      breakIt(topology)
      const findings = lint(topology).filter(({ level }) => isAtLeast(level, 'warning'))
      expect(findings.map((finding) => finding.code).toSorted()).toEqual([code, ...also].toSorted())
    },
  )

  test('has a fixture for every rule of level warning or above', () => {
    const shown = new Set(FAULTS.map(({ code }) => code))
    const rules = RULES.filter(({ level }) => isAtLeast(level, 'warning'))
    expect(rules.map(({ code }) => code).filter((code) => !shown.has(code))).toEqual([])
  })

  test('gives every rule a code of its own, a way out and a source', () => {
    const codes = RULES.map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    for (const { code, fix, source } of RULES) {
      expect(code).toMatch(/^[A-Z][A-Z_]+$/)
      expect(fix).toMatch(/\.$/)
      expect(source.length).toBeGreaterThan(10)
    }
  })

  test('lists errors before warnings, and warnings before notes', () => {
    const topology = draft('relay-public')
    the(topology, 'stage', 'api').autoDeploy = false
    the(topology, 'userPool', 'pool').adminCreateUserOnly = false
    topology.ignored.push({ type: 'AWS::S3::Bucket', id: 'Bucket' })
    const levels = lint(topology).map(({ level }) => ['error', 'warning', 'info'].indexOf(level))
    expect(levels).toEqual([0, 1, 2])
  })

  test('notes types that it does not know, once each', () => {
    const topology = draft('relay-public')
    topology.ignored.push(
      { type: 'AWS::S3::Bucket', id: 'A' },
      { type: 'AWS::S3::Bucket', id: 'B' },
    )
    expect(lint(topology)).toMatchObject([
      { code: 'IGNORED', level: 'info', where: 'AWS::S3::Bucket', message: '2 not looked at' },
    ])
  })

  test('notes a server that reaches the internet', () => {
    const topology = draft('relay-public')
    the(topology, 'function', 'front').network = null
    expect(lint(topology).map(({ code, level }) => [code, level])).toEqual([
      ['MCP_OUTSIDE_VPC', 'info'],
    ])
  })

  test('notes answers that the edge is to compress', () => {
    const topology = draft('relay-public')
    the(topology, 'distribution', 'edge').behaviors[0]!.compress = true
    expect(lint(topology)).toMatchObject([
      { code: 'ANSWERS_COMPRESSED', level: 'info', where: 'distribution edge, behaviour /token' },
    ])
  })

  test('has nothing to say of nothing', () => {
    expect(lint({ resources: [], ignored: [] })).toEqual([])
  })
})
