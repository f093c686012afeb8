import { randomBytes } from 'node:crypto'
import { generateSecret } from '../config/secret.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern secret

Prints a fresh 32-byte secret for POSTERN_SECRET. To rotate: append the new one everywhere
(OLD,NEW), then move it to the front (NEW,OLD), then drop the old one after 30 days.
`

export async function run(args: string[]): Promise<void> {
  if (args.length > 0) throw new UsageError('secret takes no arguments')
  process.stdout.write(`${generateSecret((length) => randomBytes(length))}\n`)
}
