import { LEVELS, type Finding, type Level } from './finding.ts'
import type { Report, Verdict } from './report.ts'

/** How a word is set off; the words themselves are the same without. */
export type Style = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string

const COLOURS = { error: 'red', warning: 'yellow', info: 'dim' } as const

/** The report for people: who connects, what keeps out whom, and what to mend first. */
export function describeReport(report: Report, style: Style, columns = 80): string {
  const width = Math.min(Math.max(columns, 60), 100)
  const { url, clients, login } = report
  // The gravest is read first, and of two the one that is met first.
  const findings = LEVELS.toReversed().flatMap((level) =>
    report.findings.filter((finding) => finding.level === level),
  )
  const blocks = [
    style('bold', url),
    describeClients(clients, findings, style),
    ...(login === undefined ? [] : [describeLogin(login, style, width)]),
    ...findings.map((finding, at) => describeFinding(finding, at + 1, style, width)),
    summarize({ clients, findings }, style),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

const NAME_WIDTH = 28

/** Where all stop at the same place, one line says more than one for each. */
function describeClients(clients: Verdict[], findings: readonly Finding[], style: Style): string {
  const lines = clients.map((verdict) => describeVerdict(verdict, findings, style))
  const [first] = clients
  const isSame = clients.every(({ step, why }) => step !== undefined && why === first?.why)
  if (first === undefined || clients.length === 1 || !isSame) return lines.join('\n')
  return describeVerdict({ ...first, name: `All ${clients.length} clients` }, findings, style)
}

/** The number leads to the finding: its code is often longer than the line has room for. */
function describeVerdict(
  { name, verdict, step, code, why }: Verdict,
  findings: readonly Finding[],
  style: Style,
): string {
  if (verdict === 'connects') return `  ${style('green', '✓')} ${name}`
  const at = findings.findIndex((each) => each.code === code && each.message === why)
  const colour = COLOURS[findings[at]?.level ?? 'error']
  const reason = `stops at ${step}  (${at + 1})`
  return `  ${style(colour, '✗')} ${name.padEnd(NAME_WIDTH)}${style(colour, reason)}`
}

function describeLogin(story: readonly string[], style: Style, width: number): string {
  const lines = story.map((line) => wrap(line, '    ', '    ', width))
  return [style('bold', 'The sign-in'), ...lines].join('\n')
}

function describeFinding(finding: Finding, number: number, style: Style, width: number): string {
  const { code, level, where, message, fix, source } = finding
  return [
    `(${number}) ${style(COLOURS[level], level)} ${style('bold', code)}`,
    wrap(message, '    ', '    ', width),
    style('green', wrap(fix, '    Fix: ', '         ', width)),
    style('dim', wrap(where, '    At:  ', '         ', width)),
    style(
      'dim',
      wrap(`${source}; docs/doctor.md#${code.toLowerCase()}`, '    See: ', '         ', width),
    ),
  ].join('\n')
}

/** At spaces only: an address that is cut in two cannot be copied. */
function wrap(text: string, first: string, indent: string, width: number): string {
  const lines: string[] = []
  let line = first
  for (const word of text.split(' ')) {
    const isEmpty = line === first || line === indent
    if (!isEmpty && line.length + word.length + 1 > width) {
      lines.push(line)
      line = indent + word
    } else line += isEmpty ? word : ` ${word}`
  }
  return [...lines, line].join('\n')
}

function summarize(
  { clients, findings }: Pick<Report, 'clients' | 'findings'>,
  style: Style,
): string {
  const connecting = clients.filter(({ verdict }) => verdict === 'connects').length
  const who =
    clients.length === 1
      ? `${clients[0]?.name} ${connecting === 1 ? 'connects' : 'does not connect'}`
      : `${connecting} of ${clients.length} clients connect`
  const counts = LEVELS.toReversed().flatMap((level) => count(findings, level))
  if (findings.every(({ level }) => level === 'info'))
    return `${style('bold', who)}; nothing to mend${counts.length === 0 ? '' : ` (${counts[0]})`}.`
  const where = findings.length > 1 ? ' Mend (1) first.' : ''
  return `${style('bold', who)}; ${counts.join(', ')}.${where}`
}

function count(findings: readonly Finding[], level: Level): string[] {
  const { length } = findings.filter((finding) => finding.level === level)
  if (length === 0) return []
  return [`${length} ${level === 'info' ? 'note' : level}${length === 1 ? '' : 's'}`]
}
