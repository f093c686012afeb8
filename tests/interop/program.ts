import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'

const DEADLINE_MS = 90_000

export interface Program {
  file: string
  args: string[]
  cwd: string
  env: Record<string, string>
  /** On a terminal of its own, as it wants when it talks to a person. */
  terminal?: true
  /** A question to which the person says what is proposed. */
  question?: RegExp
}

/** Runs to the end; yields what it wrote to stdout. Anything but success is an error with all of it. */
export async function runProgram(program: Program): Promise<string> {
  const { cwd, env, terminal, question } = program
  const line = [program.file, ...program.args]
  const [file = '', ...args] =
    terminal === true ? ['script', '-qec', line.map(quote).join(' '), '/dev/null'] : line
  const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  // A terminal that ends at once would end the program with it.
  if (terminal !== true) child.stdin.end()
  let stdout = ''
  let all = ''
  let asked = false
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += String(chunk)
    all += String(chunk)
    if (asked || question?.test(stripVTControlCharacters(all).replaceAll(/\s/g, '')) !== true)
      return
    asked = true
    child.stdin.write('\r')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    all += String(chunk)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  if (code !== 0)
    throw new Error(`${line.join(' ')} ended with ${code ?? signal}:\n${all.slice(-4000)}`)
  return stdout
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
