import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** A file as it was before each change under one server's name, beside it. */
export interface KeptCopies {
  newest: string | undefined
  /** Where the next one goes: above all others, so that none gives way to it. */
  next: string
}

/** Numbered from the second on; names of servers have no dot. */
export function findKeptCopies(file: string, serverName: string): KeptCopies {
  const first = `${basename(file)}.before-${serverName}`
  const numbers = list(dirname(file)).map((name) => {
    if (name === first) return 1
    const number = name.startsWith(`${first}.`) ? name.slice(first.length + 1) : ''
    return /^[1-9]\d{0,5}$/.test(number) ? Number(number) : 0
  })
  const last = Math.max(0, ...numbers)
  const at = (number: number): string =>
    join(dirname(file), number === 1 ? first : `${first}.${number}`)
  return { newest: last === 0 ? undefined : at(last), next: at(last + 1) }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
