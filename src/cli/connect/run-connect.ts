import type { ConnectTarget, McpServer } from '../../connect/target.ts'
import { CONNECT_TARGETS } from '../../connect/targets.ts'
import { shown } from '../../doctor/finding.ts'
import type { UrlFinding } from './check-url.ts'
import { applyChange } from './config-file.ts'
import { explainFailure } from './explain.ts'
import { configFiles, isInstalled, type Machine } from './machine.ts'
import type { Dialect } from './open-config.ts'
import { planConnect, planUndo, type Plan, type PlanFailure, type Task } from './plan.ts'
import { showByHand, showChange } from './show.ts'
import { dialectOf } from './targets.ts'

export interface ConnectOptions {
  server: McpServer
  isNameGiven: boolean
  /** Ids of clients; undefined means those that are installed. */
  clients: readonly string[] | undefined
  print: boolean
  undo: boolean
  yes: boolean
  replace: boolean
}

export interface Surroundings {
  machine: Machine
  /** Looks at the server before anything is written. */
  check: () => Promise<UrlFinding[]>
  /** Absent where nobody can be asked. */
  ask: ((question: string) => Promise<boolean>) | undefined
  say: (text: string) => void
}

export interface FileOutcome {
  file: string
  outcome: 'written' | 'undone' | 'nothing to do' | 'not confirmed' | 'refused'
  reason?: PlanFailure['reason'] | UrlFinding['reason']
  backup?: string
}

export interface ConnectReport {
  url: string
  name: string
  findings: UrlFinding[]
  clients: { id: string; files: FileOutcome[]; byHand?: string }[]
}

/** Goes through the clients one by one; whatever happens to one file keeps no other from its turn. */
export async function runConnect(
  options: ConnectOptions,
  { machine, check, ask, say }: Surroundings,
): Promise<ConnectReport> {
  const { server, print, undo } = options
  const targets = CONNECT_TARGETS.filter((target) => isMeant(target, options, machine))
  const writes = !print && targets.some((target) => dialectOf(target) !== undefined)
  const findings = writes && !undo ? await check() : []
  for (const { level, message } of findings) say(`${level}: ${shown(message)}\n`)
  if (findings.length > 0) say(`More: postern doctor ${server.url}\n\n`)
  const report: ConnectReport = { ...server, findings, clients: [] }
  for (const target of targets) {
    const dialect = dialectOf(target)
    if (print || dialect === undefined) {
      if (undo) continue
      const byHand = showByHand(target, server, machine.platform)
      say(`${target.name}\n${byHand}\n`)
      report.clients.push({ id: target.id, files: [], byHand })
    } else {
      const turn = new Turn(target, dialect, options, { ask, say, findings, machine })
      const files: FileOutcome[] = []
      for (const file of configFiles(target, machine)) files.push(await turn.take(file))
      const isDone = files.some(({ outcome }) => outcome === 'written')
      if (isDone && target.afterwards !== undefined) say(`${target.afterwards(server)}\n\n`)
      report.clients.push({ id: target.id, files })
    }
  }
  if (targets.length === 0)
    say(`No client found on this computer; --client NAME does without looking.\n`)
  return report
}

function isMeant(target: ConnectTarget, options: ConnectOptions, machine: Machine): boolean {
  if (options.clients !== undefined) return options.clients.includes(target.id)
  return options.print || (target.configuration !== undefined && isInstalled(target, machine))
}

/** 0 if everything is as it was asked for. */
export function exitCode({ clients, findings }: ConnectReport): number {
  const outcomes = clients.flatMap(({ files }) => files.map(({ outcome }) => outcome))
  const isLeft = outcomes.some((one) => one === 'refused' || one === 'not confirmed')
  const isBroken = findings.some(({ level }) => level === 'error')
  return clients.length === 0 || isLeft || isBroken ? 1 : 0
}

type Around = Omit<Surroundings, 'check'> & { findings: readonly UrlFinding[] }

class Turn {
  readonly #target: ConnectTarget
  readonly #dialect: Dialect
  readonly #options: ConnectOptions
  readonly #around: Around

  constructor(target: ConnectTarget, dialect: Dialect, options: ConnectOptions, around: Around) {
    this.#target = target
    this.#dialect = dialect
    this.#options = options
    this.#around = around
  }

  async take(file: string): Promise<FileOutcome> {
    const { configuration, name } = this.#target
    const { server, undo, replace, isNameGiven } = this.#options
    const { say, machine } = this.#around
    say(`${name}  ${shown(file)}\n`)
    if (configuration === undefined) return { file, outcome: 'nothing to do' }
    const task: Task = {
      file,
      configuration,
      server,
      isNameGiven,
      isWindows: machine.platform === 'windows',
      dialect: this.#dialect,
      replaces: replace,
    }
    const plan = undo ? planUndo(task) : planConnect(task)
    return plan.ok ? this.#carryOut(file, plan.value) : this.#refuse(file, plan.failure)
  }

  async #carryOut(file: string, plan: Plan): Promise<FileOutcome> {
    const { server, undo } = this.#options
    const { say } = this.#around
    if (plan.state === 'nothing') {
      const state = undo ? 'it is not there' : `it is there already, as ${shown(plan.name)}`
      say(`  Nothing to do: ${state}.\n\n`)
      return { file, outcome: 'nothing to do' }
    }
    say(showChange(this.#target, server, undo ? '-' : '+'))
    const stop = await this.#whyNot()
    if (stop !== undefined) return { file, ...stop }
    const applied = applyChange(plan.change)
    if (!applied.ok) return this.#refuse(file, applied.failure)
    if (undo) {
      say('  Taken back.\n\n')
      return { file, outcome: 'undone' }
    }
    const { keepAs: backup } = plan.change
    say(backup === undefined ? '  Written.\n' : `  Written; as it was: ${shown(backup)}\n`)
    return { file, outcome: 'written', ...(backup === undefined ? {} : { backup }) }
  }

  /** Undefined once the change is wanted. */
  async #whyNot(): Promise<Omit<FileOutcome, 'file'> | undefined> {
    const { ask, say, findings } = this.#around
    const broken = findings.find(({ level }) => level === 'error')
    if (this.#options.yes) {
      if (broken === undefined) return undefined
      say('  Not written: nobody could sign in there. --no-check writes all the same.\n\n')
      return { outcome: 'refused', reason: broken.reason }
    }
    if (ask === undefined) say('  Not changed: that needs --yes, or a terminal to ask on.\n\n')
    else if (await ask('  Make this change? [y/N] ')) return undefined
    else say('  Left as it is.\n\n')
    return { outcome: 'not confirmed' }
  }

  #refuse(file: string, failure: PlanFailure): FileOutcome {
    this.#around.say(`  Left as it is: ${shown(explainFailure(failure))}.\n\n`)
    return { file, outcome: 'refused', reason: failure.reason }
  }
}
