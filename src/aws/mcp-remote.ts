import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fail, ok, type Result } from '../protocol/result.ts'

/** What mcp-remote's command line says about where its callback listens. */
export interface McpRemoteCall {
  /** As typed: a trailing slash leads to another port. */
  serverUrl: string
  resource: string | undefined
  authorizeParams: Readonly<Record<string, string>>
  headers: Readonly<Record<string, string>>
  clientMetadataUrl: string | undefined
  tokenEndpoint: string | undefined
  /** The second word of the command line, which overrides the derived port. */
  port: number | undefined
  /** A pre-registered client: mcp-remote then takes its port or none. */
  strictPort: boolean
  host: string | undefined
  callbackPath: string
  /** `--device-code`, `--client-credentials`: there is no callback at all. */
  withoutBrowser: boolean
}

/** The ports that mcp-remote tries, one after the other, while they are taken. */
const PORT_CANDIDATES = 8

/** Answered by mcp-remote itself, so no callback may live there. */
const RESERVED_PATHS = ['/wait-for-auth', '/.mcp-remote/id']

const RESERVED_AUTHORIZE_PARAMS = [
  'client_id',
  'redirect_uri',
  'response_type',
  'state',
  'code_challenge',
  'code_challenge_method',
]

/** Every option of mcp-remote 0.15.1, so that a misspelt one is not taken for a new one. */
const OPTIONS_WITH_VALUE = new Set(
  `--header --header-file --host --callback-path --auth-success-url --transport --protocol
  --resource --authorize-param --static-oauth-client-info --static-oauth-client-metadata
  --client-metadata-url --token-endpoint --auth-timeout --connect-timeout --body-timeout
  --headers-timeout --ping-interval --ignore-tool`.split(/\s+/),
)
const SWITCHES = new Set(
  `--allow-http --debug --silent --ipv4 --enable-proxy --keep-alive --disable-cookies --device-code
  --client-credentials --use-id-token --disable-resource-parameter`.split(/\s+/),
)

/** Reads mcp-remote's arguments as mcp-remote does; a failure says in one line what is wrong. */
export function parseMcpRemoteArguments(args: readonly string[]): Result<McpRemoteCall, string> {
  const words: string[] = []
  const options: [name: string, value: string][] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ''
    if (!word.startsWith('--')) words.push(word)
    else if (SWITCHES.has(word)) options.push([word, ''])
    else if (!OPTIONS_WITH_VALUE.has(word)) return fail(`mcp-remote has no option ${word}`)
    else {
      const value = args[++index]
      if (value === undefined) return fail(`${word} needs a value`)
      options.push([word, value])
    }
  }
  const [serverUrl, port, ...more] = words
  if (serverUrl === undefined) return fail('the MCP URL is missing')
  if (!URL.canParse(serverUrl) || !/^https?:/i.test(serverUrl))
    return fail(`${JSON.stringify(serverUrl)} is not an http(s) URL`)
  if (port !== undefined && !isPort(port))
    return fail(`${JSON.stringify(port)} is not a callback port from 1 to 65535`)
  if (more.length > 0) return fail(`one MCP URL and one port are enough: ${more.join(' ')}`)
  return readOptions(serverUrl, port === undefined ? undefined : Number(port), options)
}

function isPort(word: string): boolean {
  return /^\d{1,5}$/.test(word) && Number(word) >= 1 && Number(word) <= 65535
}

function readOptions(
  serverUrl: string,
  port: number | undefined,
  options: readonly (readonly [name: string, value: string])[],
): Result<McpRemoteCall, string> {
  const has = (name: string): boolean => options.some(([option]) => option === name)
  const first = (name: string): string | undefined =>
    options.find(([option]) => option === name)?.[1].trim()

  const headers = readHeaders(options)
  if (!headers.ok) return headers
  const authorizeParams: Record<string, string> = {}
  for (const [option, value] of options) {
    if (option !== '--authorize-param') continue
    const [key, rest] = splitOnce(value, '=')
    if (key === '' || rest === undefined)
      return fail(`--authorize-param ${JSON.stringify(value)} is not key=value`)
    if (RESERVED_AUTHORIZE_PARAMS.includes(key.trim()))
      return fail(`--authorize-param cannot set ${key.trim()}`)
    authorizeParams[key.trim()] = rest
  }
  const resource = has('--disable-resource-parameter') ? '' : (first('--resource') ?? '')
  if (resource !== '' && !URL.canParse(resource))
    return fail(`--resource ${JSON.stringify(resource)} is not an absolute URI`)
  const tokenEndpoint = first('--token-endpoint')
  if (tokenEndpoint !== undefined && !URL.canParse(tokenEndpoint))
    return fail(`--token-endpoint ${JSON.stringify(tokenEndpoint)} is not a URL`)
  const clientMetadataUrl = first('--client-metadata-url')
  if (clientMetadataUrl !== undefined && !isClientMetadataUrl(clientMetadataUrl))
    return fail('--client-metadata-url must be an https URL with a path')
  const callbackPath = first('--callback-path') ?? '/oauth/callback'
  if (!callbackPath.startsWith('/') || RESERVED_PATHS.includes(callbackPath))
    return fail(`--callback-path ${JSON.stringify(callbackPath)} is not a path of your own`)
  return ok({
    serverUrl,
    resource: resource === '' ? undefined : resource,
    authorizeParams,
    headers: headers.value,
    clientMetadataUrl,
    tokenEndpoint: tokenEndpoint === undefined ? undefined : new URL(tokenEndpoint).toString(),
    port,
    strictPort: has('--static-oauth-client-info') || clientMetadataUrl !== undefined,
    host: first('--host'),
    callbackPath,
    withoutBrowser: has('--device-code') || has('--client-credentials'),
  })
}

function readHeaders(
  options: readonly (readonly [name: string, value: string])[],
): Result<Record<string, string>, string> {
  const headers: Record<string, string> = {}
  for (const [option, value] of options) {
    if (option !== '--header' && option !== '--header-file') continue
    const lines = option === '--header' ? [value] : readLines(value)
    if (lines === undefined) return fail(`--header-file ${value} cannot be read`)
    for (const line of lines) {
      const match = /^([A-Za-z0-9_-]+):\s*(.*)$/.exec(line)
      if (match === null) return fail(`${option}: ${JSON.stringify(line)} is not Name: value`)
      headers[match[1] ?? ''] = match[2] ?? ''
    }
  }
  return ok(headers)
}

function readLines(path: string): string[] | undefined {
  try {
    const lines = readFileSync(path, 'utf8').split(/\r?\n/)
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  } catch {
    return undefined
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}

function isClientMetadataUrl(value: string): boolean {
  const url = URL.parse(value)
  return url?.protocol === 'https:' && url.pathname !== '/'
}

/**
 * The port that mcp-remote derives from what distinguishes one server from another: the MD5 of the
 * parts that are given. The same number for every version since 0.1.
 */
export function derivedPort(call: McpRemoteCall): number {
  return 3335 + (parseInt(serverHash(call).slice(0, 4), 16) % 45816)
}

/** What mcp-remote calls its files for this server. */
export function serverHash(call: McpRemoteCall): string {
  const parts = [
    call.serverUrl,
    call.resource,
    toSortedJson(call.authorizeParams),
    toSortedJson(call.headers),
    call.clientMetadataUrl,
    call.tokenEndpoint,
  ].filter((part) => part !== undefined)
  return createHash('md5').update(parts.join('|')).digest('hex')
}

function toSortedJson(object: Readonly<Record<string, string>>): string | undefined {
  const keys = Object.keys(object)
  return keys.length === 0 ? undefined : JSON.stringify(object, keys.toSorted())
}

/** The ports that the callback may come to, the likeliest first. */
export function candidatePorts(call: McpRemoteCall): number[] {
  if (call.port !== undefined) return [call.port]
  const port = derivedPort(call)
  return Array.from({ length: call.strictPort ? 1 : PORT_CANDIDATES }, (_, index) => port + index)
}
