/** An OAuth client that was accepted: its redirect URIs have passed today's policy. */
export interface Client {
  /** How events, tokens and `revokeBefore` name it: the id of a static client, else its SHA-256. */
  name: string
  redirectUris: readonly string[]
  /** Self-chosen and already cleaned; shown as a claim, never as identity. */
  displayName?: string
  authentication: { method: 'none' } | { method: 'secret'; secret: string }
}
