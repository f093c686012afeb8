import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fail, ok, type Result } from '../../protocol/result.ts'

export type FileFailure =
  | { reason: 'not_a_file'; detail: string }
  | { reason: 'too_large'; detail: string }
  | { reason: 'not_utf8'; detail: string }
  | { reason: 'read_only'; detail: string }
  | { reason: 'cannot_read'; detail: string }
  | { reason: 'cannot_write'; detail: string }
  | { reason: 'changed_meanwhile'; detail: string }

/** A configuration file as it was found. */
export interface ConfigFile {
  path: string
  /** The file itself, where `path` is a link to it. */
  target: string
  bytes: Buffer
  text: string
  stats: Stats
}

/** Larger than any of these files ever is: Claude Code keeps its history in one. */
const MAX_BYTES = 16 * 1024 * 1024

/** A named pipe may have nobody at its other end. Windows knows neither, and the flag is absent. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK

/** Undefined where there is none yet. */
export function readConfigFile(path: string): Result<ConfigFile | undefined, FileFailure> {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, READ_WITHOUT_WAITING)
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) return fail({ reason: 'not_a_file', detail: '' })
    if (stats.size > MAX_BYTES) return fail({ reason: 'too_large', detail: '16 MiB' })
    // Renaming would get past it, but whoever set it meant it.
    if ((stats.mode & 0o222) === 0) return fail({ reason: 'read_only', detail: '' })
    const bytes = readFileSync(descriptor)
    const text = decode(bytes)
    if (text === undefined) return fail({ reason: 'not_utf8', detail: '' })
    return ok({ path, target: realpathSync(path), bytes, text, stats })
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' && !isLink(path)) return ok(undefined)
    if (code === 'EISDIR' || code === 'ENXIO') return fail({ reason: 'not_a_file', detail: code })
    return fail({ reason: 'cannot_read', detail: code })
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

/** What is to become of a file; without `after` it goes. */
export interface Change {
  path: string
  before: ConfigFile | undefined
  after: string | undefined
  /** Where the file is kept as it was. */
  keepAs?: string | undefined
  /** A kept copy that goes, once the change that it was made for is taken back. */
  drops?: string | undefined
}

/** All of it or nothing: readers see the old file or the new one, never a part. */
export function applyChange(change: Change): Result<'done', FileFailure> {
  const { before, keepAs, drops } = change
  try {
    if (before !== undefined && keepAs !== undefined) keepCopy(keepAs, before)
    const applied = writeChange(change)
    if (applied.ok && drops !== undefined) rmSync(drops, { force: true })
    if (!applied.ok && before !== undefined && keepAs !== undefined) rmSync(keepAs)
    return applied
  } catch (error) {
    return fail({ reason: 'cannot_write', detail: codeOf(error) })
  }
}

function writeChange({ path, before, after }: Change): Result<'done', FileFailure> {
  const target = before?.target ?? path
  try {
    if (before === undefined) mkdirSync(dirname(target), { recursive: true })
    const now = readConfigFile(path)
    if (!now.ok) return now
    const isSame =
      now.value === undefined || before === undefined
        ? now.value === before
        : now.value.target === target && now.value.bytes.equals(before.bytes)
    if (!isSame) return fail({ reason: 'changed_meanwhile', detail: '' })
    if (after === undefined) rmSync(target)
    else replaceFile(target, after, before?.stats)
    return ok('done')
  } catch (error) {
    return fail({ reason: 'cannot_write', detail: codeOf(error) })
  }
}

/** Never in place of another copy, which may hold what the person cannot get anywhere else. */
function keepCopy(path: string, { bytes, stats }: ConfigFile): void {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    fillFile(descriptor, bytes, stats)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

/** Only for the owner, unless there was a file before, whose rights are kept. */
function replaceFile(path: string, content: string | Buffer, stats: Stats | undefined): void {
  const part = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  try {
    fillFile(openSync(part, 'wx', 0o600), content, stats)
    renameSync(part, path)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

function fillFile(descriptor: number, content: string | Buffer, stats: Stats | undefined): void {
  try {
    writeFileSync(descriptor, content)
    if (stats !== undefined) keepRights(descriptor, stats)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function keepRights(descriptor: number, { mode, uid, gid }: Stats): void {
  const own = fstatSync(descriptor)
  if (own.uid !== uid || own.gid !== gid) fchownSync(descriptor, uid, gid)
  fchmodSync(descriptor, mode & 0o7777)
}

/** Such as `EACCES`, never an exception's own words. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown'
}
