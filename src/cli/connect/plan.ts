import { isDeepStrictEqual } from 'node:util'
import type { Configuration, McpServer } from '../../connect/target.ts'
import { fail, ok, type Result } from '../../protocol/result.ts'
import { readConfigFile, type Change, type ConfigFile, type FileFailure } from './config-file.ts'
import { dropEntry, putEntryText, setEntry } from './edit-config.ts'
import { findKeptCopies } from './kept-copies.ts'
import {
  entryNames,
  entryOf,
  entryTextOf,
  openConfig,
  type ConfigFailure,
  type Dialect,
  type OpenConfig,
} from './open-config.ts'

export type PlanFailure =
  | FileFailure
  | ConfigFailure
  /** Another server has the name. */
  | { reason: 'name_taken'; entry: unknown }
  /** What was written is no longer what stands there. */
  | { reason: 'edited'; entry: unknown }
  /** The entry starts a command, and Command Prompt would read the URL as more than its argument. */
  | { reason: 'runs_in_command_prompt' }

/** What has to happen to one file; nothing, if it is as it should be already. */
export type Plan = { state: 'nothing'; name: string } | { state: 'change'; change: Change }

/** A configuration file of one client, and the server that is to be in it or out of it. */
export interface Task {
  file: string
  configuration: Configuration
  dialect: Dialect
  server: McpServer
  /** Whether another server of that name may be put aside. */
  replaces: boolean
  /** Whether the name was asked for, or made from the URL. */
  isNameGiven: boolean
  isWindows: boolean
}

/** On Windows npx is a batch file, and so started through Command Prompt, which acts on these. */
const COMMAND_PROMPT_ACTS_ON = /[&()!%]/

export function planConnect(task: Task): Result<Plan, PlanFailure> {
  const { file, server, replaces, isNameGiven } = task
  if (task.isWindows && 'command' in wantedEntry(task) && COMMAND_PROMPT_ACTS_ON.test(server.url))
    return fail({ reason: 'runs_in_command_prompt' })
  const found = readAndOpen(task)
  if (!found.ok) return found
  const { before, config } = found.value
  const wanted = wantedEntry(task)
  const there = entryOf(config, server.name)
  if (isDeepStrictEqual(there, wanted)) return ok({ state: 'nothing', name: server.name })
  const other = entryNames(config).find((name) => isDeepStrictEqual(entryOf(config, name), wanted))
  if (other !== undefined && !isNameGiven) return ok({ state: 'nothing', name: other })
  if (there !== undefined && !replaces) return fail({ reason: 'name_taken', entry: there })
  const after = setEntry(config, server.name, wanted)
  const keepAs = before && findKeptCopies(before.target, server.name).next
  return ok({ state: 'change', change: { path: file, before, after, keepAs } })
}

/**
 * Takes back what `planConnect` did last. Exactly, where nothing else has changed since: then the
 * file is what the newest kept copy, or no file at all, becomes by connecting. Otherwise only the
 * entry goes, or gives way to the one that it replaced.
 */
export function planUndo(task: Task): Result<Plan, PlanFailure> {
  const { file, server, configuration, dialect } = task
  const found = readAndOpen(task)
  if (!found.ok) return found
  const { before, config } = found.value
  const there = entryOf(config, server.name)
  if (before === undefined || there === undefined)
    return ok({ state: 'nothing', name: server.name })
  const wanted = wantedEntry(task)
  if (!isDeepStrictEqual(there, wanted)) return fail({ reason: 'edited', entry: there })

  const { newest } = findKeptCopies(before.target, server.name)
  const kept = newest === undefined ? undefined : readKept(newest, configuration.section, dialect)
  // A copy that could not be read served nothing here, and may be of use to the person.
  const drops = kept && newest
  const change = (after: string | undefined): Result<Plan, PlanFailure> =>
    ok({ state: 'change', change: { path: file, before, after, drops } })
  const isMadeFrom = (start: OpenConfig): boolean =>
    setEntry(start, server.name, wanted) === before.text
  if (kept !== undefined && isMadeFrom(kept)) return change(kept.text)
  if (isMadeFrom(openEmpty(configuration.section)))
    return ok({ state: 'change', change: { path: file, before, after: undefined } })
  const replaced = kept === undefined ? undefined : entryTextOf(kept, server.name)
  if (replaced !== undefined) return change(putEntryText(config, server.name, replaced))
  const isAlone = entryNames(config).length === 1
  const withSection = isAlone && kept !== undefined && kept.section === undefined
  return change(dropEntry(config, server.name, { withSection }))
}

function readAndOpen({
  file,
  configuration,
  dialect,
}: Task): Result<{ before: ConfigFile | undefined; config: OpenConfig }, PlanFailure> {
  const read = readConfigFile(file)
  if (!read.ok) return read
  const opened = openConfig(read.value?.text ?? '', configuration.section, dialect)
  return opened.ok ? ok({ before: read.value, config: opened.value }) : opened
}

function wantedEntry({ configuration, server }: Task): object {
  return configuration.entry(server)
}

/** Undefined where there is none, or somebody made it into something else. */
function readKept(file: string, section: string, dialect: Dialect): OpenConfig | undefined {
  const read = readConfigFile(file)
  if (!read.ok || read.value === undefined) return undefined
  const opened = openConfig(read.value.text, section, dialect)
  return opened.ok ? opened.value : undefined
}

function openEmpty(sectionName: string): OpenConfig {
  return { text: '', root: undefined, section: undefined, sectionName }
}
