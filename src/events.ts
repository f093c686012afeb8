/**
 * What Postern tells its operator. The only telemetry seam: log lines, metrics and tests all read
 * these. No field ever holds a token, code, secret, cookie, `state` or query string.
 */
export type PosternEvent =
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
  | { type: 'authorize.shown'; client: string; redirectHost: string; resource: string }
  | { type: 'authorize.refused'; reason: string; client?: string }
  | { type: 'consent.given'; client: string; redirectHost: string; resource: string }
  | { type: 'consent.denied'; client: string }
  | { type: 'consent.refused'; reason: string }
  | { type: 'callback.received'; client: string }
  | { type: 'callback.refused'; reason: string; error?: string }
  | {
      type: 'token.issued'
      grant: 'authorization_code' | 'refresh_token'
      client: string
      subject: string
      resource: string
      scope: string
      jti: string
      expiresInSeconds: number
    }
  | { type: 'token.refused'; grant?: string; reason: string; client?: string }
  | { type: 'token.without-refresh'; client: string; reason: string }
  | { type: 'token.revoked'; client: string; subject: string }
  | { type: 'revocation.refused'; reason: string }
  | { type: 'identity-provider.unavailable'; step: string; reason: string; status?: number }
  | { type: 'identity-provider.warning'; reason: string }
  | { type: 'identity-provider.ready'; issuer: string }
  | { type: 'gate.admitted'; subject: string; client: string; resource: string; jti: string }
  | { type: 'gate.refused'; reason: string; status: number; resource?: string }
  | { type: 'gate.key-unknown'; resource: string }
  | { type: 'seal.key-unknown'; purpose: string }
  | { type: 'relay.token-reached-function'; path: string }
  | { type: 'relay.tokens-passed-on'; grant: string; client: string }
  | { type: 'relay.token-revoked'; client: string }
  | { type: 'upstream.failed'; reason: string; resource: string }
  | { type: 'secret.unavailable'; reason: string }
  | { type: 'fault'; requestId: string; message: string; stack?: string }

export type Emit = (event: PosternEvent) => void
