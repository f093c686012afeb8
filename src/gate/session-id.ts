import { utf8 } from '../crypto/digest.ts'
import { base64url, fromBase64url } from '../protocol/base64url.ts'

/** Who a session belongs to. */
export interface SessionOwner {
  idp: string
  sub: string
  resource: string
}

/** Binds legacy MCP session ids to the person and the resource they were given for. */
export interface SessionBinding {
  bind: (sessionId: string, owner: SessionOwner) => Promise<string>
  /** The MCP server's own session id; undefined when it was not bound to this owner. */
  open: (bound: string, owner: SessionOwner) => Promise<string | undefined>
}

export function createSessionBinding(keys: readonly CryptoKey[]): SessionBinding {
  return {
    bind: (sessionId, owner) => bindSessionId(sessionId, owner, keys),
    open: (bound, owner) => openSessionId(bound, owner, keys),
  }
}

// MCP 2025-11-25, Transports, Session Management: visible ASCII only.
const SESSION_ID = /^[\x21-\x7E]{1,1024}$/

/**
 * Binds a legacy MCP session id to its owner by a MAC, so that a stolen id is useless to another
 * person (MCP security best practices, Session Hijacking). Nothing is stored.
 */
async function bindSessionId(
  sessionId: string,
  owner: SessionOwner,
  keys: readonly CryptoKey[],
): Promise<string> {
  const [key] = keys
  if (key === undefined) throw new TypeError('at least one gate-mac key is needed')
  const mac = await crypto.subtle.sign('HMAC', key, message(sessionId, owner))
  return `${sessionId}.${base64url(new Uint8Array(mac))}`
}

async function openSessionId(
  bound: string,
  owner: SessionOwner,
  keys: readonly CryptoKey[],
): Promise<string | undefined> {
  const dot = bound.lastIndexOf('.')
  const sessionId = bound.slice(0, Math.max(0, dot))
  const mac = fromBase64url(bound.slice(dot + 1))
  if (!SESSION_ID.test(sessionId) || mac?.length !== 32) return undefined
  for (const key of keys)
    if (await crypto.subtle.verify('HMAC', key, mac, message(sessionId, owner))) return sessionId
  return undefined
}

function message(sessionId: string, owner: SessionOwner): Uint8Array<ArrayBuffer> {
  // JSON of an array is unambiguous: no field can reach into the next.
  return utf8(JSON.stringify([owner.idp, owner.sub, owner.resource, sessionId]))
}
