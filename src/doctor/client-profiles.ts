import { CLIENTS } from '../clients/known-clients-details.ts'
import type { RegistrationName } from './registration-requests.ts'

/** How strictly a client reads what a server says. Facts about the client itself are in the table. */
export interface ClientProfile {
  /** What `--client` takes. */
  id: string
  name: string
  /** Its requests come from the vendor's cloud. */
  isHosted: boolean
  /** Its requests come from a web page. */
  isWebPage: boolean
  /** What it asks the MCP URL first; `metadata`: it goes for the well-known addresses at once. */
  opensWith: 'GET' | 'POST' | 'HEAD' | 'metadata'
  /**
   * How the issuer must compare to the address that was advertised (RFC 8414 §3.3). `slash`: one
   * trailing slash may differ; `added-slash`: the address may have one that the issuer has not.
   */
  issuer: 'exact' | 'added-slash' | 'slash' | 'ignored'
  /** How `resource` must compare to the MCP URL; `covering`: same origin, and a prefix of the path. */
  resource: 'exact' | 'covering'
  /** It goes on without metadata of an authorization server, at default addresses. */
  guessesEndpoints: boolean
  /** It checks `iss` in the authorization response (RFC 9207 §2.4). */
  checksIss: boolean
  registers: RegistrationName
  /** With its document, where the server takes such (Client ID Metadata Document). */
  clientMetadataDocument: string | undefined
  /** Its redirect URI has another port than the one it registered. */
  variesPort: boolean
  /** It asks /authorize itself, for JSON, with a client that it remembers. */
  preflights: boolean
}

/** The official TypeScript SDK, version 2: what many clients are made of. */
const SDK_2 = {
  isHosted: false,
  isWebPage: false,
  opensWith: 'POST',
  issuer: 'added-slash',
  resource: 'covering',
  guessesEndpoints: true,
  checksIss: true,
  registers: 'localhost',
  clientMetadataDocument: undefined,
  variesPort: false,
  preflights: false,
} as const satisfies Omit<ClientProfile, 'id' | 'name'>

/** Version 1 never looks at `issuer` and `iss`. */
const SDK_1 = { ...SDK_2, issuer: 'ignored', checksIss: false } as const

const documentOf = (id: string): string | undefined =>
  CLIENTS.find((client) => client.id === id)?.clientMetadataDocument

export const CLIENT_PROFILES: readonly ClientProfile[] = [
  { ...SDK_2, id: 'mcp-remote', name: 'mcp-remote', opensWith: 'GET', preflights: true },
  { ...SDK_1, id: 'mcp-remote-0.8', name: 'mcp-remote up to 0.8' },
  {
    ...SDK_1,
    id: 'claude-code',
    name: 'Claude Code',
    opensWith: 'metadata',
    registers: 'random port',
    clientMetadataDocument: documentOf('claude-code'),
    variesPort: true,
  },
  {
    ...SDK_1,
    id: 'claude',
    name: 'Claude (claude.ai, Desktop)',
    isHosted: true,
    resource: 'exact',
    registers: 'claude',
    clientMetadataDocument: documentOf('claude'),
  },
  {
    ...SDK_1,
    id: 'vscode',
    name: 'Visual Studio Code',
    resource: 'exact',
    registers: 'vscode',
    clientMetadataDocument: documentOf('vscode'),
    variesPort: true,
  },
  { ...SDK_1, id: 'cursor', name: 'Cursor', registers: 'cursor' },
  {
    ...SDK_2,
    id: 'chatgpt',
    name: 'ChatGPT',
    isHosted: true,
    issuer: 'exact',
    guessesEndpoints: false,
    registers: 'chatgpt',
    clientMetadataDocument: documentOf('chatgpt'),
  },
  {
    ...SDK_1,
    id: 'codex',
    name: 'Codex CLI',
    opensWith: 'GET',
    issuer: 'slash',
    registers: '127.0.0.1',
    clientMetadataDocument: documentOf('codex'),
  },
  { ...SDK_2, id: 'inspector', name: 'MCP Inspector', registers: '127.0.0.1' },
  { ...SDK_2, id: 'inspector-web', name: 'MCP Inspector (web page)', isWebPage: true },
  {
    ...SDK_1,
    id: 'gemini',
    name: 'Gemini CLI',
    opensWith: 'HEAD',
    resource: 'exact',
    registers: 'random port',
  },
  {
    ...SDK_2,
    id: 'zed',
    name: 'Zed',
    issuer: 'exact',
    guessesEndpoints: false,
    registers: '127.0.0.1',
    clientMetadataDocument: documentOf('zed'),
  },
]
