import { createHash } from 'node:crypto'
import type { Resource, Topology } from '../../../src/aws/topology.ts'
import { authorizerId } from '../http-api/http-api.ts'
import { resolveResource } from '../resolve.ts'

export const REGION = 'eu-central-1'
export const ACCOUNT = '111122223333'

const PSEUDO: Readonly<Record<string, string>> = {
  region: REGION,
  account: ACCOUNT,
  partition: 'aws',
  urlSuffix: 'amazonaws.com',
  'az.0': `${REGION}a`,
  'az.1': `${REGION}b`,
}

/** What services name at creation: the same for the same model, so that runs can be compared. */
export function identifiersOf(topology: Topology): Map<string, string> {
  const values = new Map(Object.entries(PSEUDO))
  for (const resource of topology.resources)
    for (const [attribute, value] of Object.entries(attributesOf(resource)))
      values.set(`${resource.kind}.${resource.name}.${attribute}`, value)
  return values
}

/** Characters from an alphabet, as random as a hash of whom they name. */
export function letters(seed: string, length: number, alphabet: string): string {
  const digest = createHash('sha512').update(seed).digest()
  return [...digest.subarray(0, length)].map((byte) => alphabet[byte % alphabet.length]).join('')
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'
const HEX = '0123456789abcdef'

/** Placeholders that a template writes before anything exists. */
function attributesOf(resource: Resource): Record<string, string> {
  const { kind, name } = resource
  const seed = `${kind} ${name}`
  const id = letters(seed, 10, LOWER)
  const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`
  switch (kind) {
    case 'api':
      return {
        id,
        domain: `${id}.execute-api.${REGION}.amazonaws.com`,
        arn: arn('execute-api', id),
        name,
      }
    case 'authorizer':
      return { id: authorizerId(name) }
    case 'function':
      return { arn: arn('lambda', `function:${name}`), name }
    case 'role':
      return { arn: `arn:aws:iam::${ACCOUNT}:role/${name}`, name, id: `AROA${id.toUpperCase()}` }
    case 'logGroup':
      return { arn: arn('logs', `log-group:${name}`), name }
    case 'secret':
      return { arn: arn('secretsmanager', `secret:${name}-${letters(seed, 6, LOWER)}`), name }
    case 'userPool': {
      const poolId = `${REGION}_${letters(seed, 9, LOWER)}`
      return {
        id: poolId,
        arn: arn('cognito-idp', `userpool/${poolId}`),
        issuer: `https://cognito-idp.${REGION}.amazonaws.com/${poolId}`,
      }
    }
    case 'userPoolClient':
      return { id: letters(seed, 26, LOWER) }
    case 'userPoolDomain': {
      const { domain } = resolveResource(resource, new Map(Object.entries(PSEUDO)))
      const isCustom = domain.includes('.')
      const host = isCustom ? domain : `${domain}.auth.${REGION}.amazoncognito.com`
      return { domain, host, url: `https://${host}` }
    }
    case 'resourceServer':
      return { identifier: resource.identifier }
    case 'distribution': {
      const distributionId = `E${letters(seed, 13, LOWER).toUpperCase()}`
      return {
        id: distributionId,
        domain: `d${letters(seed, 13, LOWER)}.cloudfront.net`,
        arn: `arn:aws:cloudfront::${ACCOUNT}:distribution/${distributionId}`,
      }
    }
    case 'schedule':
      return { arn: arn('events', `rule/${name}`), name }
    case 'alarm':
      return { arn: arn('cloudwatch', `alarm:${name}`), name }
    case 'webAcl':
      return { arn: `arn:aws:wafv2:us-east-1:${ACCOUNT}:global/webacl/${name}/${id}`, name, id }
    case 'vpc':
      return {
        id: `vpc-0${letters(seed, 16, HEX)}`,
        cidr: resource.cidr,
        defaultSecurityGroup: `sg-0${letters(`default of ${seed}`, 16, HEX)}`,
      }
    case 'subnet':
      return { id: `subnet-0${letters(seed, 16, HEX)}` }
    case 'securityGroup':
      return { id: `sg-0${letters(seed, 16, HEX)}` }
    case 'routeTable':
      return { id: `rtb-0${letters(seed, 16, HEX)}` }
    case 'natGateway':
      return { id: `nat-0${letters(seed, 16, HEX)}` }
    case 'internetGateway':
      return { id: `igw-0${letters(seed, 16, HEX)}` }
    case 'responseHeadersPolicy':
      return { id: letters(seed, 36, HEX) }
    case 'edgeFunction':
      return { arn: `arn:aws:cloudfront::${ACCOUNT}:function/${name}`, name }
    case 'stage':
      return { name: resource.stageName }
    case 'networkRoute':
    case 'route':
    case 'integration':
    case 'permission':
    case 'userPoolBranding':
      return { id }
    case 'keys':
      // Its attributes are what its function answers.
      return {}
  }
}
