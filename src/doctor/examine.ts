import { authorization } from './checks/authorization.ts'
import { challenge } from './checks/challenge.ts'
import { clock } from './checks/clock.ts'
import { cors } from './checks/cors.ts'
import { identityProvider } from './checks/identity-provider.ts'
import { issuerParameter } from './checks/issuer-parameter.ts'
import { local } from './checks/local.ts'
import { metadataDocument } from './checks/metadata-document.ts'
import { reach } from './checks/reach.ts'
import { registration } from './checks/registration.ts'
import { resourceMetadata } from './checks/resource-metadata.ts'
import { scopes } from './checks/scopes.ts'
import { serverMetadata } from './checks/server-metadata.ts'
import { unknownClient } from './checks/unknown-client.ts'
import type { Family } from './checks/rules.ts'
import { createAsk } from './ask.ts'
import { gather, type Evidence, type Subject } from './evidence.ts'
import { login, type LoginOutcome } from './login/login.ts'
import type { LoginPorts } from './login/ports.ts'
import type { Limits, Ports } from './ports.ts'
import { buildReport, type Report } from './report.ts'

/** No server may keep the command longer than half a minute, however it behaves. */
const LIMITS: Limits = { secondsPerRequest: 10, seconds: 25 }

/** In the order of clients. */
const FAMILIES: readonly Family[] = [
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
  local,
  identityProvider,
]

/** Plays the clients against a server; with `person`, through a real sign-in. */
export async function examine(
  subject: Subject,
  ports: Ports,
  { limits = LIMITS, person }: { limits?: Limits; person?: LoginPorts | undefined } = {},
): Promise<Report> {
  const evidence = await gather(subject, ports, limits)
  const observations = FAMILIES.flatMap(({ check }) => check(evidence))
  const signedIn = person && (await signIn(evidence, ports, person))
  const report = buildReport(subject.mcpUrl.href, subject.profiles, [
    ...observations,
    ...(signedIn?.observations ?? []),
  ])
  return signedIn === undefined ? report : { ...report, login: signedIn.story }
}

/** The clock of a person is not that of a machine: signing in has requests of its own. */
function signIn(evidence: Evidence, ports: Ports, person: LoginPorts): Promise<LoginOutcome> {
  const limits = { secondsPerRequest: 10, seconds: person.waitSeconds + 60 }
  const ask = createAsk(ports, limits, { allowsSpecialUse: !evidence.network.isPublic })
  return login(evidence, ask, ports, person)
}
