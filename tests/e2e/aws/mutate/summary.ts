import { ACCEPTED, LINT, PARITY, type Verdict } from './run.ts'

/** What all breaks came to, with those that nothing or parity alone noticed by their names. */
export function summarize(
  breaks: readonly string[],
  verdicts: readonly Verdict[],
  seconds: number,
): { text: string; allNoticed: boolean } {
  const those = (fits: (verdict: Verdict) => boolean): string[] =>
    breaks.filter((_, index) => fits(verdicts[index]))
  const unnoticed = those((verdict) => verdict === undefined)
  const byParity = those((verdict) => verdict === PARITY)
  const byLinter = those((verdict) => verdict?.startsWith(LINT) === true)
  const refused = those((verdict) => verdict?.startsWith(ACCEPTED) === true)
  const noticed = breaks.length - unnoticed.length
  const byBehaviour = noticed - byParity.length - byLinter.length - refused.length
  const lines = [
    `${breaks.length} breaks in ${seconds.toFixed(0)} s: ${byBehaviour} show in what the deployment ` +
      `does, ${refused.length} cannot be deployed, ${byLinter.length} are found by the linter, ` +
      `${byParity.length} by parity with Terraform alone`,
    ...byParity.map((line) => `parity alone: ${line}`),
    ...unnoticed.map((line) => `NOTHING TURNED RED: ${line}`),
    `${noticed} passed, ${unnoticed.length} failed`,
  ]
  return { text: lines.join('\n'), allNoticed: unnoticed.length === 0 }
}
