import { expect } from 'vitest'
import type { Report, Verdict } from '../../../src/doctor/report.ts'
import { graveCodes, verdictFor } from './examine.ts'
import type { SceneExhibit } from './exhibits/exhibit.ts'

type Expected = Pick<SceneExhibit, 'code' | 'also' | 'keepsOut'>

/** Its code is found, with all that a person needs; and nothing else that is worth a warning. */
export function expectNamed(report: Report, { code, also = [], keepsOut }: Expected): void {
  const found = report.findings.find((finding) => finding.code === code)
  expect(report.findings.map((finding) => finding.code)).toContain(code)
  for (const text of [found?.where, found?.message, found?.fix, found?.source])
    expect(text).toMatch(/\S/)
  const expected = [...(found?.level === 'info' ? [] : [code]), ...also]
  expect(graveCodes(report).toSorted()).toEqual(expected.toSorted())
  expectVerdict(verdictFor(report), keepsOut === 'both' || keepsOut === 'new', code)
  expectVerdict(
    verdictFor(report, 'mcp-remote-0.8'),
    keepsOut === 'both' || keepsOut === 'old',
    code,
  )
}

function expectVerdict(verdict: Verdict, isKeptOut: boolean, code: string): void {
  expect(verdict).toMatchObject(isKeptOut ? { verdict: 'fails', code } : { verdict: 'connects' })
}
