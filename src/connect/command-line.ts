/** Needs no quotes anywhere: no shell gives these characters a meaning. */
const PLAIN = /^[A-Za-z0-9_\-./:=@,]+$/

/** Words as they are typed into a shell of macOS or Linux, or into Windows' Command Prompt. */
export function toCommandLine(words: readonly string[], shell: 'posix' | 'windows'): string {
  return words
    .map((word) => {
      if (PLAIN.test(word)) return word
      if (shell === 'posix') return `'${word.replaceAll("'", `'\\''`)}'`
      // Backslashes count only where a quote follows them.
      return `"${word.replace(/(\\*)("|$)/g, (_, slashes: string, quote: string) => slashes + slashes + (quote === '' ? '' : '\\"'))}"`
    })
    .join(' ')
}
