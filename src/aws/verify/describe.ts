import { isAtLeast, LEVELS, type Finding, type Level, type Position } from './finding.ts'
import { SWITCHES, type SwitchName } from './switches.ts'
import type { Report } from './verify.ts'

/** The report for people. */
export function describeReport(report: Report): string {
  const { findings, positions } = report
  return [
    `${report.mcpUrl}\nMode: ${report.mode ?? 'cannot tell'}\n`,
    ...(report.login.length === 0 ? [] : [`${report.login.join('\n')}\n`]),
    `What AWS does here:\n${positions.map(describePosition).join('')}`,
    ...findings.map(describeFinding),
    summarize(findings),
  ].join('\n')
}

function describePosition(position: Position): string {
  const { question } = SWITCHES[position.switch as SwitchName]
  const head = `  ${String(position.row).padStart(2)}  ${question}\n`
  return position.wouldTell === null
    ? `${head}      ${position.position} (${position.switch}): ${position.evidence}\n`
    : `${head}      cannot tell from outside: ${position.evidence}\n      would tell: ${position.wouldTell}\n`
}

function describeFinding({ code, level, where, message, fix, source }: Finding): string {
  return `${level} ${code}\n  ${where}\n  ${message}\n  Fix: ${fix}\n  Source: ${source}\n`
}

function summarize(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing to mend.\n'
  const counts = LEVELS.toReversed().flatMap((level) => {
    const count = findings.filter((finding) => finding.level === level).length
    return count === 0 ? [] : [`${count} ${level}${count === 1 || level === 'info' ? '' : 's'}`]
  })
  return `${counts.join(', ')}\n`
}

/** 1 where something is at least as bad as `level`. */
export function exitCode(report: Report, level: Level): 0 | 1 {
  return report.findings.some((finding) => isAtLeast(finding.level, level)) ? 1 : 0
}
