/** The sign-in an event belongs to, where that is known (protocol/flow-id.ts). */
export interface OfFlow {
  flow?: string | undefined
}

/** What the client is called: by whoever made it, proven, or by itself, which proves nothing. */
export interface Named {
  clientName?: string
  clientNameProven?: true
}

/** What an MCP client says in its headers that it calls (MCP 2026-07-28, `Mcp-Method`). */
export interface Call {
  method?: string
  /** Of `tools/call` only. */
  tool?: string
}

/**
 * What Postern tells its operator. The only telemetry seam: log lines, metrics and tests all read
 * these. No field ever holds a token, code, secret, cookie, `state` or query string.
 */
export type PosternEvent =
  | {
      type: 'metadata.served'
      document: 'protected-resource' | 'authorization-server'
      resource: string
    }
  | { type: 'client.registered'; client: string; clientName?: string; redirectHosts: string[] }
  | {
      type: 'client-document.refused'
      host: string
      reason: string
      status?: number
      /** A copy of our own took its place. */
      pinned: boolean
    }
  | { type: 'registration.refused'; reason: string; redirectHosts?: string[] }
  | ({
      type: 'authorize.shown'
      client: string
      redirectHost: string
      resource: string
      /** Not to a person: the client looked before it opened the browser. */
      preflight?: true
    } & OfFlow &
      Named)
  | ({ type: 'authorize.refused'; reason: string; client?: string } & OfFlow & Named)
  | ({ type: 'consent.given'; client: string; redirectHost: string; resource: string } & OfFlow)
  | ({ type: 'consent.denied'; client: string } & OfFlow)
  | ({ type: 'consent.refused'; reason: string } & OfFlow)
  | ({ type: 'callback.received'; client: string } & OfFlow)
  | ({ type: 'callback.refused'; reason: string; error?: string } & OfFlow)
  | ({
      type: 'token.issued'
      grant: 'authorization_code' | 'refresh_token'
      client: string
      subject: string
      resource: string
      scope: string
      jti: string
      expiresInSeconds: number
    } & OfFlow)
  | ({ type: 'token.refused'; grant?: string; reason: string; client?: string } & OfFlow)
  | ({ type: 'token.without-refresh'; client: string; reason: string } & OfFlow)
  | ({ type: 'token.revoked'; client: string; subject: string } & OfFlow)
  | { type: 'revocation.refused'; reason: string }
  | { type: 'identity-provider.unavailable'; step: string; reason: string; status?: number }
  | { type: 'identity-provider.warning'; reason: string }
  | { type: 'identity-provider.ready'; issuer: string }
  | ({
      type: 'gate.admitted'
      subject: string
      client: string
      resource: string
      jti: string
      /** How many calls this process has admitted with this token, this one included. */
      calls: number
      /** Worth a line also where single calls are not: see `isNotable`. */
      notable?: true
    } & Call &
      OfFlow)
  | ({ type: 'gate.refused'; reason: string; status: number; resource?: string } & OfFlow)
  | { type: 'gate.key-unknown'; resource: string }
  | { type: 'seal.key-unknown'; purpose: string }
  | { type: 'relay.token-reached-function'; path: string }
  | ({ type: 'relay.tokens-passed-on'; grant: string; client: string; jti?: string } & OfFlow)
  | { type: 'relay.token-revoked'; client: string }
  | ({ type: 'upstream.failed'; reason: string; resource: string } & OfFlow)
  | { type: 'secret.unavailable'; reason: string }
  | { type: 'fault'; requestId: string; message: string; stack?: string }

export type Emit = (event: PosternEvent) => void
