import { fail, ok, type Result } from '../../protocol/result.ts'
import type { Answer, Ask, Asked, Silence } from '../ask.ts'

/** A document that clients look for at one address, and what stood in the way to it. */
export interface Fetched {
  /** Where it was looked for. */
  url: string
  /** Addresses that redirects led to. */
  hops: string[]
  last: Asked
}

export type JsonObject = Readonly<Record<string, unknown>>

const MOST_HOPS = 5

/** GET, and on to where redirects lead, each of which is asked like any other address. */
export async function fetchDocument(ask: Ask, url: string): Promise<Fetched> {
  const hops: string[] = []
  let last = await askForJson(ask, url)
  while (last.ok && isRedirect(last.value) && hops.length < MOST_HOPS) {
    const next = URL.parse(last.value.headers.get('location') ?? '', last.value.url)
    if (next === null || !/^https?:$/.test(next.protocol)) break
    hops.push(next.href)
    last = await askForJson(ask, next.href)
  }
  return { url, hops, last }
}

function askForJson(ask: Ask, url: string): Promise<Asked> {
  return ask(url, {
    headers: { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' },
  })
}

export function isRedirect({ status }: Answer): boolean {
  return status >= 300 && status < 400 && status !== 304
}

/** The document itself; the failure is what came instead. */
export function readDocument({ last }: Fetched): Result<JsonObject, Answer | Silence> {
  if (!last.ok) return last
  const { status, json } = last.value
  return status === 200 && isObject(json) ? ok(json) : fail(last.value)
}

/** Something is there, only not to its end. */
export function isCutOff({ last }: Fetched): boolean {
  return last.ok && last.value.end !== 'whole'
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textOf(document: JsonObject, name: string): string | undefined {
  const value = document[name]
  return typeof value === 'string' ? value : undefined
}

/** Undefined where there is no list of texts. */
export function textsOf(document: JsonObject, name: string): string[] | undefined {
  const value = document[name]
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined
}
