import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import type { CachedRegistration, LocalState } from '../doctor/probes/caches.ts'

const MOST_FILES = 200

/** What mcp-remote, in all its versions, has left on this machine. */
export async function readLocalState(
  environment: NodeJS.ProcessEnv,
  { hashes, port }: { hashes: readonly string[]; port: number },
): Promise<LocalState> {
  const base = environment['MCP_REMOTE_CONFIG_DIR'] ?? join(homedir(), '.mcp-auth')
  const files = listFiles(base).slice(0, MOST_FILES)
  const read = files.map((file) => ({ file, registration: readRegistration(file, hashes) }))
  return {
    registrations: read.flatMap(({ registration }) => registration ?? []),
    unreadable: read.flatMap(({ file, registration }) =>
      registration === undefined && isOfOneOf(file, hashes) ? [file] : [],
    ),
    port: await whoListens(port),
  }
}

/** Names of variables, never their values: those carry passwords. */
export function readProxies(environment: NodeJS.ProcessEnv): string[] {
  return [
    'HTTPS_PROXY',
    'https_proxy',
    'HTTP_PROXY',
    'http_proxy',
    'ALL_PROXY',
    'all_proxy',
  ].filter((name) => (environment[name] ?? '') !== '')
}

const SUFFIX = '_client_info.json'

/** `mcp-remote-v1`, `mcp-remote-0.1.37` …: every version has looked into a folder of its own. */
function listFiles(base: string): string[] {
  return list(base)
    .filter((name) => name.startsWith('mcp-remote-'))
    .flatMap((folder) =>
      list(join(base, folder))
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => join(base, folder, name)),
    )
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const ClientInfo = v.object({
  client_id: v.string(),
  redirect_uris: v.pipe(v.array(v.string()), v.minLength(1)),
  issuer: v.optional(v.string()),
})

function readRegistration(file: string, hashes: readonly string[]): CachedRegistration | undefined {
  try {
    const info = v.parse(ClientInfo, JSON.parse(readFileSync(file, 'utf8')))
    return {
      file,
      isOfThisUrl: isOfOneOf(file, hashes),
      issuer: info.issuer,
      clientId: info.client_id,
      redirectUri: info.redirect_uris[0] ?? '',
      hasTokens: existsSync(file.replace(SUFFIX, '_tokens.json')),
    }
  } catch {
    return undefined
  }
}

function isOfOneOf(file: string, hashes: readonly string[]): boolean {
  return hashes.some((hash) => file.endsWith(hash + SUFFIX))
}

const SIBLING_SECONDS = 1

async function whoListens(port: number): Promise<LocalState['port']> {
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (isFree) {
    await new Promise((resolve) => server.close(resolve))
    return 'nobody'
  }
  const sibling = await fetch(`http://127.0.0.1:${port}/.mcp-remote/id`, {
    signal: AbortSignal.timeout(SIBLING_SECONDS * 1000),
  }).catch(() => undefined)
  return sibling?.ok === true ? 'mcp-remote' : 'somebody'
}
