import {
  type Distribution,
  findResource,
  type Origin,
  type ResponseHeadersPolicy,
  type Topology,
} from '../../../src/aws/topology.ts'
import { assertEdgeFunction } from './edge-function-syntax.ts'
import { DENIED_IN_ORIGIN_REQUESTS, isDeniedInHeadersPolicy } from './header-names.ts'
import { cachePolicyOf, originRequestPolicyOf } from './policies.ts'

const METHOD_SETS = [
  ['GET', 'HEAD'],
  ['GET', 'HEAD', 'OPTIONS'],
  ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
].map((methods) => methods.join())

/** CloudFront guide, Quotas, Quotas on headers. */
const CUSTOM_HEADERS = 10
const CUSTOM_HEADER_VALUE = 1783

/** Refuses what CreateDistribution and its like refuse, all problems at once. */
export function assertCreatable(distribution: Distribution, topology: Topology): void {
  const problems: string[] = distribution.origins.flatMap(originProblems)
  if (distribution.aliases.length > 0 && !isInUsEast1(distribution.certificateArn))
    problems.push('aliases need a certificate of us-east-1')
  if (distribution.behaviors.at(-1)?.pattern !== '*')
    problems.push('the default behavior is not last')
  for (const behavior of distribution.behaviors) {
    const say = (problem: string) => problems.push(`behavior ${behavior.pattern}: ${problem}`)
    if (!distribution.origins.some(({ id }) => id === behavior.origin))
      say(`no origin "${behavior.origin}"`)
    if (!METHOD_SETS.includes(behavior.methods.toSorted().join())) say('not a set of methods')
    cachePolicyOf(behavior)
    originRequestPolicyOf(behavior)
    const { responseHeadersPolicy } = behavior
    if (responseHeadersPolicy !== null) {
      const policy = findResource(topology, 'responseHeadersPolicy', responseHeadersPolicy)
      if (policy === undefined) say(`no response headers policy "${responseHeadersPolicy}"`)
      else problems.push(...headersPolicyProblems(policy))
    }
    for (const name of [behavior.viewerRequest, behavior.viewerResponse]) {
      if (name === null) continue
      const edgeFunction = findResource(topology, 'edgeFunction', name)
      if (edgeFunction === undefined) say(`no function "${name}"`)
      else assertEdgeFunction(edgeFunction)
    }
  }
  if (problems.length > 0) throw new TypeError(`CloudFront twin: ${problems.join('; ')}`)
}

function isInUsEast1(arn: string | null): boolean {
  return arn?.split(':')[3] === 'us-east-1'
}

function originProblems({ id, path, headers, readTimeoutSeconds }: Origin): string[] {
  const problems: string[] = []
  // CloudFront API reference, CustomOriginConfig, OriginReadTimeout.
  if (readTimeoutSeconds > 120) problems.push(`origin ${id}: it is waited for 120 s at most`)
  if (path !== '' && (!path.startsWith('/') || path.endsWith('/')))
    problems.push(`origin ${id}: its path must begin with a slash and not end with one`)
  if (headers.length > CUSTOM_HEADERS) problems.push(`origin ${id}: too many headers`)
  for (const { name, value } of headers) {
    if (DENIED_IN_ORIGIN_REQUESTS.test(name.toLowerCase()))
      problems.push(`origin ${id}: header ${name} cannot be added`)
    if (value.length > CUSTOM_HEADER_VALUE) problems.push(`origin ${id}: ${name} is too long`)
  }
  return problems
}

function headersPolicyProblems({ name, set, remove }: ResponseHeadersPolicy): string[] {
  const problems = [...set.map((header) => header.name), ...remove]
    .filter((header) => isDeniedInHeadersPolicy(header.toLowerCase()))
    .map((header) => `response headers policy ${name}: ${header} is not allowed`)
  for (const { name: header, value } of set)
    if (value.length > CUSTOM_HEADER_VALUE)
      problems.push(`response headers policy ${name}: ${header} is too long`)
  return problems
}
