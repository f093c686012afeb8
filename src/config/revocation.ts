import type { GateConfig } from './gate-config.ts'

/**
 * Whether something issued then, for that client or subject, has been cut off since
 * (`revokeBefore`). Asked at every open and by the gate.
 */
export function isRevoked(
  revokeBefore: GateConfig['revokeBefore'],
  issued: { issuedAt: number; client?: string; subject?: string },
): boolean {
  return [
    revokeBefore.all,
    at(revokeBefore.clients, issued.client),
    at(revokeBefore.subjects, issued.subject),
  ].some((cutOff) => issued.issuedAt < cutOff)
}

function at(cutOffs: Readonly<Record<string, number>>, key: string | undefined): number {
  return key !== undefined && Object.hasOwn(cutOffs, key) ? (cutOffs[key] ?? 0) : 0
}
