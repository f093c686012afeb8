import type { Circumstances } from '../examine.ts'
import type { Change, Fault, Place } from '../fault.ts'

/** What is wrong, and what must come of it. */
interface Expectation {
  name: string
  /** What doctor must find. */
  code: string
  /** What goes with it, and is no fault of its own. */
  also?: readonly string[]
  /** Which mcp-remote it keeps out: that of new rules, of old ones, or both; nobody if absent. */
  keepsOut?: 'both' | 'new' | 'old'
  /** How long mcp-remote may be silent at least. */
  patienceSeconds?: number
  /** Only somebody who signs in can see it. */
  login?: true
}

/** A server with one fault. */
export interface Exhibit extends Expectation {
  fault: Fault
  /** When a client comes across it: 0 reach … 6 token, 7 access, 8 refresh. */
  stage: number
  look?: Circumstances
}

/** What is not wrong with the server alone. */
export interface SceneExhibit extends Expectation {
  open: () => Promise<Scene>
}

export interface Scene {
  mcpUrl: string
  look?: Circumstances
  client?: { folder?: string; env?: NodeJS.ProcessEnv; visit?: (url: string) => Promise<boolean> }
  close: () => Promise<void>
}

export function everyMethod(change: Change): Fault & { answers: Partial<Record<Place, Change>> } {
  return { answers: { 'GET mcp': change, 'HEAD mcp': change, 'POST mcp': change } }
}

export function bothMetadata(change: Change): Partial<Record<Place, Change>> {
  return { 'resource metadata': change, 'root resource metadata': change }
}
