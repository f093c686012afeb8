import { describe, expect, test } from 'vitest'
import { CLIENT_PROFILES } from '../../src/doctor/client-profiles.ts'
import { describeReport } from '../../src/doctor/describe.ts'
import type { Observation } from '../../src/doctor/finding.ts'
import { buildReport, exitCode } from '../../src/doctor/report.ts'

const URL_ = 'https://mcp.example.com/mcp'

const mismatch: Observation = {
  code: 'D02-issuer-mismatch',
  level: 'error',
  step: 'authorization server metadata',
  where: 'GET https://mcp.example.com/.well-known/oauth-authorization-server',
  message: 'issuer is https://idp.example.com, and authorization_servers names another.',
  fix: 'Make issuer, authorization_servers and the base of the well-known address one and the same text.',
  source: 'RFC 8414 §3.3',
  stops: ({ issuer }) => issuer !== 'ignored',
}
const cors: Observation = {
  ...mismatch,
  code: 'D18-no-cors',
  level: 'warning',
  step: 'reach',
  stops: ({ isWebPage }) => isWebPage,
  message: 'Web pages may not read this address.',
}
const note: Observation = { ...mismatch, code: 'D07-no-scope-hint', level: 'info', message: 'n' }

const plain = (observations: Observation[], profiles = CLIENT_PROFILES, columns = 80): string =>
  describeReport(buildReport(URL_, profiles, observations), (_format, text) => text, columns)

const only = (...ids: string[]): typeof CLIENT_PROFILES =>
  CLIENT_PROFILES.filter(({ id }) => ids.includes(id))

describe('the report for people', () => {
  test('says of each client where it stops, and leads to the finding', () => {
    expect(plain([cors, mismatch], only('vscode', 'zed', 'inspector-web'))).toBe(`\
${URL_}

  ✓ Visual Studio Code
  ✗ MCP Inspector (web page)    stops at reach  (2)
  ✗ Zed                         stops at authorization server metadata  (1)

(1) error D02-issuer-mismatch
    issuer is https://idp.example.com, and authorization_servers names another.
    Fix: Make issuer, authorization_servers and the base of the well-known
         address one and the same text.
    At:  GET https://mcp.example.com/.well-known/oauth-authorization-server
    See: RFC 8414 §3.3; docs/doctor.md#d02-issuer-mismatch

(2) warning D18-no-cors
    Web pages may not read this address.
    Fix: Make issuer, authorization_servers and the base of the well-known
         address one and the same text.
    At:  GET https://mcp.example.com/.well-known/oauth-authorization-server
    See: RFC 8414 §3.3; docs/doctor.md#d18-no-cors

1 of 3 clients connect; 1 error, 1 warning. Mend (1) first.
`)
  })

  test('fits the terminal', () => {
    for (const columns of [80, 100]) {
      const longest = Math.max(
        ...plain([cors, mismatch, note], CLIENT_PROFILES, columns)
          .split('\n')
          .map(({ length }) => length),
      )
      expect(longest).toBeLessThanOrEqual(columns)
    }
  })

  test('says once what is true of all', () => {
    const text = plain([{ ...mismatch, stops: () => true }])
    expect(text).toContain(
      '\n  ✗ All 12 clients              stops at authorization server metadata  (1)\n',
    )
    expect(text.match(/✗/g)).toHaveLength(1)
  })

  test('of a healthy server is short', () => {
    const text = plain([], only('zed'))
    expect(text).toBe(`${URL_}\n\n  ✓ Zed\n\nZed connects; nothing to mend.\n`)
  })
})

describe('--client', () => {
  test('leaves out what stops others only', () => {
    const codes = (ids: string[]): string[] =>
      buildReport(URL_, only(...ids), [cors, mismatch]).findings.map(({ code }) => code)
    expect(codes(['vscode'])).toEqual([])
    expect(codes(['zed'])).toEqual(['D02-issuer-mismatch'])
    expect(codes(['zed', 'inspector-web'])).toEqual(['D18-no-cors', 'D02-issuer-mismatch'])
  })

  test('keeps what stops nobody yet', () => {
    const later: Observation = { ...mismatch, stops: () => false }
    expect(buildReport(URL_, only('vscode'), [later]).findings).toHaveLength(1)
  })
})

test('the exit code is 1 from the level that was named on', () => {
  const report = (observation: Observation): Parameters<typeof exitCode>[0] =>
    buildReport(URL_, CLIENT_PROFILES, [observation])
  expect(exitCode(report(note), 'warning')).toBe(0)
  expect(exitCode(report(note), 'info')).toBe(1)
  expect(exitCode(report(cors), 'warning')).toBe(1)
  expect(exitCode(report(cors), 'error')).toBe(0)
  expect(exitCode(report(mismatch), 'error')).toBe(1)
})
