import { CONNECT_TARGETS } from '../../connect/targets.ts'
import type { ConnectTarget } from '../../connect/target.ts'
import type { Dialect } from './open-config.ts'

/** Clients whose files are written, and how much of JSON with comments they read themselves. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  'claude-desktop': 'json',
  'claude-code': 'json',
  cursor: 'jsonc',
  vscode: 'jsonc',
}

export function dialectOf({ id }: ConnectTarget): Dialect | undefined {
  return DIALECTS[id]
}

export const TARGET_IDS: readonly string[] = CONNECT_TARGETS.map(({ id }) => id)
