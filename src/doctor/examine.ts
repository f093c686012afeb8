import { authorization } from './checks/authorization.ts'
import { challenge } from './checks/challenge.ts'
import { clock } from './checks/clock.ts'
import { cors } from './checks/cors.ts'
import { issuerParameter } from './checks/issuer-parameter.ts'
import { metadataDocument } from './checks/metadata-document.ts'
import { reach } from './checks/reach.ts'
import { registration } from './checks/registration.ts'
import { resourceMetadata } from './checks/resource-metadata.ts'
import { scopes } from './checks/scopes.ts'
import { serverMetadata } from './checks/server-metadata.ts'
import { unknownClient } from './checks/unknown-client.ts'
import type { Family } from './checks/rules.ts'
import { gather, type Subject } from './evidence.ts'
import type { Limits, Ports } from './ports.ts'
import { buildReport, type Report } from './report.ts'

/** No server may keep the command longer than half a minute, however it behaves. */
export const LIMITS: Limits = { secondsPerRequest: 10, seconds: 25 }

/** In the order of clients. */
export const FAMILIES: readonly Family[] = [
  reach,
  challenge,
  resourceMetadata,
  serverMetadata,
  scopes,
  registration,
  authorization,
  issuerParameter,
  metadataDocument,
  unknownClient,
  cors,
  clock,
]

/** Plays the clients against a server, as far as nobody has to sign in. */
export async function examine(
  subject: Subject,
  ports: Ports,
  limits: Limits = LIMITS,
): Promise<Report> {
  const { evidence } = await gather(subject, ports, limits)
  const observations = FAMILIES.flatMap(({ check }) => check(evidence))
  return buildReport(subject.mcpUrl.href, subject.profiles, observations)
}
