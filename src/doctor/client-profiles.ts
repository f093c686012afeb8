import { CLIENTS } from '../clients/known-clients-details.ts'
import type { RegistrationName } from './registration-requests.ts'

/** What some clients refuse, and others pass over. */
export type Refusal =
  /** They check whole documents and replies against a schema. */
  | 'an unfit type'
  | 'a document of no use'
  | 'a bad gateway'
  | 'a wrong metadata address'
  | 'no resource'
  | 'no issuer'
  | 'no code response type'
  | 'no S256'
  | 'S256 unsaid'
  | 'no redirect_uris'
  | 'no token_type'

/** How strictly a client reads what a server says. Facts about the client itself are in the table. */
export interface ClientProfile {
  /** What `--client` takes. */
  id: string
  name: string
  /** Its requests come from the vendor's cloud. */
  isHosted: boolean
  /** Its requests come from a web page. */
  isWebPage: boolean
  /** It looks for the challenge with HEAD, and cannot do without. */
  needsChallengeAtHead: boolean
  /** Answers that make it look for a way to sign in. */
  signsInAt: readonly number[]
  /**
   * How the issuer must compare to the address that was advertised (RFC 8414 §3.3). `added-slash`:
   * the address may have a slash that the issuer has not; `root-slash`: either may, behind the host.
   */
  issuer: 'exact' | 'added-slash' | 'root-slash' | 'ignored'
  /**
   * How `resource` must compare to the MCP URL. `covering`: same origin, and a prefix of the path;
   * `preferred`: what is not exact is set aside, and the MCP URL's origin taken for the issuer.
   */
  resource: 'exact' | 'covering' | 'preferred' | 'ignored'
  /** It does not go on without protected resource metadata. */
  needsResourceMetadata: boolean
  /** It goes on without metadata of an authorization server, at default addresses. */
  guessesEndpoints: boolean
  /** It follows redirects of metadata to other origins. */
  followsRedirects: boolean
  refuses: readonly Refusal[]
  /** It adds offline_access to its scopes where that is offered (SEP-2207). */
  asksForOfflineAccess: boolean
  /** It checks `iss` in the authorization response (RFC 9207 §2.4). */
  checksIss: boolean
  registers: RegistrationName
  /** With its document, where the server takes such (Client ID Metadata Document). */
  clientMetadataDocument: string | undefined
  /** It comes with its document only where public clients (`none`) are listed. */
  wantsNoneListed: boolean
  /** Its redirect URI has another port than its document names. */
  variesPort: boolean
}

const SCHEMA: readonly Refusal[] = [
  'an unfit type',
  'a document of no use',
  'no issuer',
  'no code response type',
  'no S256',
  'no redirect_uris',
  'no token_type',
]

/** The official TypeScript SDK, version 2: what many clients are made of. */
const SDK_2 = {
  isHosted: false,
  isWebPage: false,
  needsChallengeAtHead: false,
  signsInAt: [401],
  issuer: 'added-slash',
  resource: 'covering',
  needsResourceMetadata: false,
  guessesEndpoints: true,
  followsRedirects: false,
  refuses: SCHEMA,
  asksForOfflineAccess: true,
  checksIss: true,
  registers: 'localhost',
  clientMetadataDocument: undefined,
  wantsNoneListed: false,
  variesPort: false,
} as const satisfies Omit<ClientProfile, 'id' | 'name'>

/** Version 1 never looks at `issuer` and `iss`; its older releases know nothing of SEP-2207. */
const SDK_1 = {
  ...SDK_2,
  issuer: 'ignored',
  followsRedirects: true,
  refuses: [...SCHEMA, 'a bad gateway'],
  asksForOfflineAccess: false,
  checksIss: false,
} as const

const documentOf = (id: string): string | undefined =>
  CLIENTS.find((client) => client.id === id)?.clientMetadataDocument

export const CLIENT_PROFILES: readonly ClientProfile[] = [
  // It bundles a version 2 that still leaves redirects to fetch.
  { ...SDK_2, id: 'mcp-remote', name: 'mcp-remote', followsRedirects: true },
  { ...SDK_1, id: 'mcp-remote-0.8', name: 'mcp-remote up to 0.8' },
  {
    ...SDK_1,
    id: 'claude-code',
    name: 'Claude Code',
    asksForOfflineAccess: true,
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
    needsResourceMetadata: true,
    refuses: [...SDK_1.refuses, 'a wrong metadata address', 'no resource'],
    registers: 'claude',
    clientMetadataDocument: documentOf('claude'),
    wantsNoneListed: true,
  },
  {
    ...SDK_1,
    id: 'vscode',
    name: 'Visual Studio Code',
    signsInAt: [401, 403],
    resource: 'preferred',
    refuses: ['no token_type'],
    registers: 'vscode',
    clientMetadataDocument: documentOf('vscode'),
  },
  {
    ...SDK_1,
    id: 'cursor',
    name: 'Cursor',
    asksForOfflineAccess: true,
    registers: 'cursor',
  },
  {
    ...SDK_2,
    id: 'chatgpt',
    name: 'ChatGPT',
    isHosted: true,
    issuer: 'exact',
    needsResourceMetadata: true,
    guessesEndpoints: false,
    refuses: [...SCHEMA, 'a wrong metadata address', 'no resource', 'S256 unsaid'],
    asksForOfflineAccess: false,
    registers: 'chatgpt',
    clientMetadataDocument: documentOf('chatgpt'),
  },
  {
    ...SDK_2,
    id: 'codex',
    name: 'Codex CLI',
    issuer: 'root-slash',
    followsRedirects: true,
    refuses: [
      'no resource',
      'no issuer',
      'no code response type',
      'no S256',
      'no redirect_uris',
      'no token_type',
    ],
    registers: '127.0.0.1',
    clientMetadataDocument: documentOf('codex'),
    variesPort: true,
  },
  { ...SDK_2, id: 'inspector', name: 'MCP Inspector', registers: '127.0.0.1' },
  { ...SDK_2, id: 'inspector-web', name: 'MCP Inspector (web page)', isWebPage: true },
  {
    ...SDK_1,
    id: 'gemini',
    name: 'Gemini CLI',
    needsChallengeAtHead: true,
    resource: 'exact',
    guessesEndpoints: false,
    refuses: ['no resource'],
    asksForOfflineAccess: true,
    registers: 'random port',
  },
  {
    ...SDK_2,
    id: 'zed',
    name: 'Zed',
    issuer: 'root-slash',
    resource: 'ignored',
    needsResourceMetadata: true,
    guessesEndpoints: false,
    refuses: ['no S256', 'S256 unsaid'],
    asksForOfflineAccess: false,
    checksIss: false,
    registers: '127.0.0.1',
    clientMetadataDocument: documentOf('zed'),
    variesPort: true,
  },
]

export function refuses(what: Refusal): (client: ClientProfile) => boolean {
  return (client) => client.refuses.includes(what)
}
