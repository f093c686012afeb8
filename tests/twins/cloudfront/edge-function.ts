import { createHash, createHmac } from 'node:crypto'
import * as querystring from 'node:querystring'
import { createContext, Script } from 'node:vm'
import type { EdgeFunction } from '../../../src/aws/topology.ts'
import type { HttpRequest, HttpResponse } from '../http.ts'
import {
  fromEdgeRequest,
  fromEdgeResponse,
  parseEdgeRequest,
  parseEdgeResponse,
  toEdgeRequest,
  toEdgeResponse,
} from './edge-function-event.ts'
import { DISALLOWED_IN_FUNCTIONS, READ_ONLY_IN_FUNCTIONS } from './header-names.ts'

type EventType = keyof typeof READ_ONLY_IN_FUNCTIONS

/** `invalid`: HTTP 502, FunctionValidationError. `failed`: HTTP 503, FunctionExecutionError. */
export type EdgeFunctionFault = 'invalid' | 'failed'

export interface EdgeContext {
  distributionDomainName: string
  distributionId: string
  requestId: string
}

/** A function's own scripts run to completion or not at all; this only stops endless loops. */
const LIMIT_MS = 1000

/** Not listed in JavaScript runtime 2.0 features, but part of every new context. */
const ABSENT = [
  'Atomics',
  'BigInt',
  'FinalizationRegistry',
  'Intl',
  'Map',
  'Proxy',
  'Reflect',
  'Set',
  'SharedArrayBuffer',
  'WeakMap',
  'WeakRef',
  'WeakSet',
  'WebAssembly',
]

/** Same page, Date: always the time when the function started. */
const PRELUDE = `
for (const name of ${JSON.stringify(ABSENT)}) delete globalThis[name];
globalThis.Date = ((Real, start) => class Date extends Real {
  constructor(...parts) { if (parts.length === 0) super(start); else super(...parts) }
  static now() { return start }
})(Date, startedAt);
delete globalThis.startedAt;
`

const MODULES: Record<string, object> = {
  crypto: { createHash, createHmac },
  querystring: {
    decode: querystring.parse,
    escape: querystring.escape,
    parse: querystring.parse,
    stringify: querystring.stringify,
    unescape: querystring.unescape,
  },
  buffer: { Buffer },
}

export async function runViewerRequest(
  { code }: EdgeFunction,
  request: HttpRequest,
  context: EdgeContext,
  now: () => number,
): Promise<{ request: HttpRequest } | { response: HttpResponse } | { fault: EdgeFunctionFault }> {
  const original = toEdgeRequest(request)
  const event = toEvent('viewer-request', context, request, { request: original })
  const returned = await runHandler(code, event, now)
  if (returned === undefined) return { fault: 'failed' }
  if (isResponse(returned.result)) {
    const made = parseEdgeResponse(returned.result)
    if (made === undefined || hasDisallowed(made.headers)) return { fault: 'invalid' }
    return { response: fromEdgeResponse(made) }
  }
  const edited = parseEdgeRequest(returned.result)
  if (
    edited === undefined ||
    edited.method !== original.method ||
    hasDisallowed(edited.headers) ||
    editsReadOnly('viewer-request', edited.headers, original.headers)
  )
    return { fault: 'invalid' }
  return { request: fromEdgeRequest(edited, request) }
}

export async function runViewerResponse(
  { code }: EdgeFunction,
  request: HttpRequest,
  response: HttpResponse,
  context: EdgeContext,
  now: () => number,
): Promise<{ response: HttpResponse } | { fault: EdgeFunctionFault }> {
  const original = toEdgeResponse(response)
  const members = { request: toEdgeRequest(request), response: original }
  const returned = await runHandler(
    code,
    toEvent('viewer-response', context, request, members),
    now,
  )
  if (returned === undefined) return { fault: 'failed' }
  const edited = parseEdgeResponse(returned.result)
  if (
    edited === undefined ||
    hasDisallowed(edited.headers) ||
    editsReadOnly('viewer-response', edited.headers, original.headers)
  )
    return { fault: 'invalid' }
  return { response: fromEdgeResponse(edited, response) }
}

function isResponse(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'statusCode' in result
}

function toEvent(
  eventType: EventType,
  context: EdgeContext,
  request: HttpRequest,
  members: object,
): string {
  return JSON.stringify({
    version: '1.0',
    context: { ...context, eventType },
    viewer: { ip: request.clientAddress },
    ...members,
  })
}

/** What the handler returned, as plain data; undefined where it threw or did not end. */
async function runHandler(
  code: string,
  event: string,
  now: () => number,
): Promise<{ result: unknown } | undefined> {
  const sandbox = createContext(
    {
      startedAt: now(),
      console: { log: () => undefined },
      require: (name: string) => MODULES[name],
      atob,
      btoa,
      Buffer,
      TextDecoder,
      TextEncoder,
    },
    // Restricted features: no dynamic code evaluation.
    { codeGeneration: { strings: false, wasm: false } },
  )
  try {
    new Script(PRELUDE).runInContext(sandbox)
    new Script(`'use strict';\n${code}\n;globalThis.__handler = handler`).runInContext(sandbox, {
      timeout: LIMIT_MS,
    })
    const call = new Script(`__handler(JSON.parse(${JSON.stringify(event)}))`)
    const result: unknown = await call.runInContext(sandbox, { timeout: LIMIT_MS })
    return { result: JSON.parse(JSON.stringify(result ?? null)) as unknown }
  } catch {
    return undefined
  }
}

function hasDisallowed(headers: object): boolean {
  return Object.keys(headers).some(
    (name) => name !== name.toLowerCase() || DISALLOWED_IN_FUNCTIONS.test(name),
  )
}

function editsReadOnly(
  eventType: EventType,
  edited: Record<string, unknown>,
  original: Record<string, unknown>,
): boolean {
  return [...new Set([...Object.keys(edited), ...Object.keys(original)])].some(
    (name) =>
      READ_ONLY_IN_FUNCTIONS[eventType].test(name) &&
      JSON.stringify(edited[name]) !== JSON.stringify(original[name]),
  )
}
