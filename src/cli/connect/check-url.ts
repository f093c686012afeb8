import * as v from 'valibot'
import { createAsk, startClock, type Answer, type Ask, type Asked } from '../../doctor/ask.ts'
import type { Level } from '../../doctor/finding.ts'
import { lookAtNetwork } from '../../doctor/network.ts'
import type { Ports } from '../../doctor/ports.ts'

/** Why a client would not get in, or not everywhere; `postern doctor` knows more. */
export interface UrlFinding {
  reason:
    | 'unreachable'
    | 'redirected'
    | 'unexpected_status'
    | 'no_sign_in'
    | 'no_challenge'
    | 'other_slash'
    | 'cleartext'
    | 'private_network'
  level: Level
  message: string
}

const SECONDS = 5

/**
 * Whether the server asks for a sign-in as MCP has it. Two requests of bounded time and size to the
 * typed host and nowhere else, wherever its answers point to; none of its words are repeated.
 */
export async function checkUrl(url: string, ports: Ports): Promise<UrlFinding[]> {
  const { protocol, hostname } = new URL(url)
  const limits = { secondsPerRequest: SECONDS, seconds: SECONDS }
  const end = startClock(limits)
  const ask = createAsk(ports, limits, { allowsSpecialUse: true, end })
  const [network, asked] = await Promise.all([
    lookAtNetwork(new URL(url), ports, end),
    ask(url, { headers: { accept: 'application/json, text/event-stream' } }),
  ])
  const findings: UrlFinding[] = []
  if (network.special.length > 0)
    findings.push({
      reason: 'private_network',
      level: 'info',
      message: `${hostname} is an address of a private network: clients on this computer reach it (Claude Desktop through mcp-remote), claude.ai, ChatGPT and the Connectors of Claude Desktop do not`,
    })
  if (protocol === 'http:' && !isLoopback(hostname))
    findings.push({
      reason: 'cleartext',
      level: 'warning',
      message:
        'http:// lets everybody on the way read the tokens, and mcp-remote (Claude Desktop) refuses it for other computers: use https://',
    })
  return [...findings, ...judge(asked), ...(await compareResource(url, asked, ask))]
}

function judge(asked: Asked): UrlFinding[] {
  if (!asked.ok) {
    const { reason, detail } = asked.failure
    const why = detail === '' ? reason : `${reason}, ${detail}`
    return [{ reason: 'unreachable', level: 'error', message: `nothing answers there (${why})` }]
  }
  const { status, headers } = asked.value
  if (status >= 300 && status < 400)
    return [
      {
        reason: 'redirected',
        level: 'error',
        message: `it answers ${status} and sends clients elsewhere, where they do not take their token: give the URL it leads to`,
      },
    ]
  if (status >= 200 && status < 300)
    return [
      {
        reason: 'no_sign_in',
        level: 'warning',
        message: `it answers ${status} without a sign-in: whoever reaches it is in`,
      },
    ]
  if (status !== 401)
    return [
      {
        reason: 'unexpected_status',
        level: 'error',
        message: `it answers ${status}, where an MCP server that wants a sign-in answers 401`,
      },
    ]
  if (!/(?:^|,)\s*Bearer\b/i.test(headers.get('www-authenticate') ?? ''))
    return [
      {
        reason: 'no_challenge',
        level: 'warning',
        message: 'its 401 has no WWW-Authenticate: Bearer, so some clients do not find the sign-in',
      },
    ]
  return []
}

const Metadata = v.object({ resource: v.string() })

/** Clients compare the URL letter by letter with the one that the server calls its own (RFC 9728 §3.3). */
async function compareResource(url: string, asked: Asked, ask: Ask): Promise<UrlFinding[]> {
  if (!asked.ok || asked.value.status !== 401) return []
  const { origin, pathname } = new URL(url)
  if (pathname === '/') return []
  const metadata = await ask(`${origin}/.well-known/oauth-protected-resource${pathname}`)
  const other = url.endsWith('/') ? url.slice(0, -1) : `${url}/`
  if (!metadata.ok || resourceOf(metadata.value) !== other) return []
  return [
    {
      reason: 'other_slash',
      level: 'warning',
      message: `the server calls itself ${other}, and some clients compare letter by letter: give that URL`,
    },
  ]
}

function resourceOf({ json }: Answer): string | undefined {
  const parsed = v.safeParse(Metadata, json)
  return parsed.success ? parsed.output.resource : undefined
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}
