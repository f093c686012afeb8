import { FAMILIES } from './families.ts'
import { createAsk } from './ask.ts'
import { gather, type Evidence, type Subject } from './evidence.ts'
import { login, type LoginOutcome } from './login/login.ts'
import { STEPS, type Observation } from './finding.ts'
import type { LoginPorts } from './login/ports.ts'
import type { Limits, Ports } from './ports.ts'
import { buildReport, type Report } from './report.ts'

/** No server may keep the command longer than half a minute, however it behaves. */
const LIMITS: Limits = { secondsPerRequest: 10, seconds: 25 }

/** Plays the clients against a server; with `person`, through a real sign-in. */
export async function examine(
  subject: Subject,
  ports: Ports,
  {
    limits = LIMITS,
    person,
  }: { limits?: Limits | undefined; person?: LoginPorts | undefined } = {},
): Promise<Report> {
  const evidence = await gather(subject, ports, limits)
  const observed = FAMILIES.flatMap(({ check }) => check(evidence))
  const cached = observed.find(isReplay)
  const observations = cached === undefined ? observed : observed.filter(isBelievable(cached))
  const signedIn =
    person && (cached === undefined ? await signIn(evidence, ports, person) : NOT_YET)
  const hide = hideQuery(subject.mcpUrl)
  const all = [...observations, ...(signedIn?.observations ?? [])].map((each) => ({
    ...each,
    where: hide(each.where),
    message: hide(each.message),
  }))
  const report = buildReport(hide(subject.mcpUrl.href), subject.profiles, all)
  return signedIn === undefined ? report : { ...report, login: signedIn.story.map(hide) }
}

/** A person's own tokens would stay in the cache. */
const NOT_YET: LoginOutcome = {
  observations: [],
  story: ['Not tried: what a cache in front keeps would be told to others.'],
}

function isReplay({ code }: Observation): boolean {
  return code === 'D19-replayed'
}

/** From where a cache answers, nothing is known of the server behind it. */
function isBelievable({ step: from }: Observation): (observation: Observation) => boolean {
  return (each) => isReplay(each) || STEPS.indexOf(each.step) < STEPS.indexOf(from)
}

/** The clock of a person is not that of a machine: signing in has requests of its own. */
function signIn(evidence: Evidence, ports: Ports, person: LoginPorts): Promise<LoginOutcome> {
  const limits = { secondsPerRequest: 10, seconds: person.waitSeconds + 60 }
  const ask = createAsk(ports, limits, { allowsSpecialUse: evidence.network.isSpecial })
  return login(evidence, ask, ports, person)
}

/** People put keys into queries. */
function hideQuery({ search }: URL): (text: string) => string {
  return (text) => (search === '' ? text : text.replaceAll(search, '?…'))
}
