/** How one answer of the server differs from a good one. `ORIGIN` in texts is the server's own, and
 * `ELSEWHERE` its other name. */
export interface Change {
  status?: number
  /** Null takes a header away. */
  headers?: Record<string, string | null>
  /** Merged into the JSON object; null stays null, `ABSENT` takes a member away. */
  json?: Record<string, unknown>
  text?: string
  delaySeconds?: number
  /** A body that goes on and never ends. */
  isEndless?: true
}

export const ABSENT = 'ABSENT'

export type Place =
  | 'GET mcp'
  | 'HEAD mcp'
  | 'POST mcp'
  | 'bad token'
  | 'preflight'
  | 'resource metadata'
  | 'root resource metadata'
  | 'server metadata'
  | 'openid configuration'
  | 'register'
  | 'authorize'
  | 'token'

/** What is wrong with a server. Nothing given: nothing is. */
export interface Fault {
  answers?: Partial<Record<Place, Change>>
  /** Redirect URIs that registration refuses altogether. */
  refusesRedirectUris?: RegExp
  /** Redirect URIs that registration leaves out. */
  dropsRedirectUris?: RegExp
  comparesPorts?: boolean
  /** Authentication method that registration refuses. */
  refusesAuthMethod?: string
  /** Registered clients are forgotten at once, as by another instance. */
  forgetsClients?: boolean
  unknownClientAtAuthorize?: 'html' | 'login page' | 'redirect'
  unknownClientAtToken?: { status: number; error: string }
  /** A second GET of the same authorization request is refused. */
  spendsRequests?: boolean
  refusesMetadataDocuments?: boolean
  consent?: { formAction?: string; cookie?: string }
  /** Where people sign in lies elsewhere, and refuses things. */
  upstream?: {
    refusesScope?: string
    /** Whatever the client asks for: the server itself asks for too much. */
    refusesServerScope?: boolean
    refusesResource?: boolean
    refusesRedirectUri?: boolean
    circle?: boolean
    refusesAll?: boolean
    /** Somebody has to type a password, who is not there. */
    asksForPassword?: boolean
    /** The same, and the person signs in there. */
    knowsPassword?: boolean
  }
  iss?: 'absent' | 'wrong'
  /** Public clients are refused at the token endpoint. */
  needsSecret?: boolean
  refusesResourceAtToken?: boolean
  /** A page instead of JSON wherever the token endpoint refuses something. */
  tokenErrorsArePages?: boolean
  /** Whoever agrees is refused all the same. */
  deniesAccess?: boolean
  refusesCodes?: boolean
  tokens?: {
    expiresIn?: number | null
    refreshToken?: 'none' | 'once' | 'no grace'
    /** The resource does not take its own authorization server's tokens. */
    areRefused?: boolean
    refreshedAreRefused?: boolean
    typeMissing?: boolean
    /** Readable tokens, for this audience. */
    audience?: string
    use?: 'id'
  }
  /** How good tokens are answered, instead of by the MCP server. */
  withToken?: { status: number }
  /** What stands in front keeps the first answer at these paths, whatever it was told about that. */
  keepsAnswers?: {
    at: readonly string[]
    methods: readonly string[]
    by: 'address' | 'path'
    /** Caches tell where an answer is from, if nobody forbids it. */
    tells?: Record<string, string>
  }
  /** Nobody has to sign in. */
  isOpen?: boolean
  /** Web pages may read nothing, or everything but the MCP URL. */
  withoutCors?: 'everywhere' | 'mcp'
}
