import { LEVELS, type Finding, type Level } from './finding.ts'
import type { Report, Verdict } from './report.ts'

/** How a word is set off; the words themselves are the same without. */
export type Style = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string

const COLOURS = { error: 'red', warning: 'yellow', info: 'dim' } as const

/** The report for people. */
export function describeReport(report: Report, style: Style): string {
  return [
    `${style('bold', report.url)}\n`,
    ...(report.login === undefined ? [] : [`${report.login.join('\n')}\n`]),
    report.clients.map((verdict) => describeVerdict(verdict, style)).join(''),
    ...report.findings.map((finding) => describeFinding(finding, style)),
    `${summarize(report)}\n`,
  ].join('\n')
}

function describeVerdict({ name, verdict, step, code }: Verdict, style: Style): string {
  const mark = verdict === 'connects' ? style('green', 'yes') : style('red', 'no ')
  const reason = step === undefined ? '' : `  stops at ${step}: ${code}`
  return `  ${mark}  ${reason === '' ? name : name.padEnd(40)}${reason}\n`
}

function describeFinding(finding: Finding, style: Style): string {
  const { code, level, where, message, fix, source } = finding
  return [
    `${style(COLOURS[level], level)} ${style('bold', code)}`,
    `  ${where}`,
    `  ${message}`,
    `  Fix: ${fix}`,
    `  ${style('dim', `Source: ${source}`)}\n`,
  ].join('\n')
}

function summarize({ clients, findings }: Report): string {
  const connecting = clients.filter(({ verdict }) => verdict === 'connects').length
  const counts = LEVELS.toReversed().flatMap((level) => count(findings, level))
  const found = counts.length === 0 ? 'nothing to mend' : counts.join(', ')
  return `${connecting} of ${clients.length} clients connect; ${found}`
}

function count(findings: readonly Finding[], level: Level): string[] {
  const { length } = findings.filter((finding) => finding.level === level)
  return length === 0 ? [] : [`${length} ${level}${length === 1 || level === 'info' ? '' : 's'}`]
}
