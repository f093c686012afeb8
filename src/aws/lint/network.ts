import type { LambdaFunction } from '../topology.ts'
import type { Rule } from './rule.ts'
import { isPostern, label, type View } from './view.ts'

/** Postern's functions that call Cognito, Secrets Manager or a JWKS. */
const NEEDS_INTERNET = /^(?:oauth|token|keys|keyWatch)\.handler$/

export const networkRules: readonly Rule[] = [
  {
    code: 'FUNCTION_CUT_OFF',
    level: 'error',
    fix: 'Take the function out of the VPC: it holds nothing that the VPC protects.',
    source:
      'Lambda Developer Guide, “Enable internet access for VPC-connected Lambda functions”; PrivateLink refuses pools with a domain',
    *find(view) {
      for (const fn of view.all('function'))
        if (isPostern(fn) && NEEDS_INTERNET.test(fn.handler) && fn.network !== null)
          if (waysOut(view, fn).length === 0)
            yield { where: label(fn), message: 'needs the internet and has no way out of its VPC' }
    },
  },
  {
    code: 'VPC_WAY_OUT',
    level: 'warning',
    fix: 'Remove the route: behind Postern nothing in the VPC needs the internet.',
    source: 'Amazon VPC User Guide, “NAT gateways”: about $36 a month each, and a way out for data',
    *find(view) {
      for (const fn of view.all('function'))
        for (const way of waysOut(view, fn))
          yield { where: label(fn), message: `reaches the internet by ${way}` }
    },
  },
  {
    code: 'NAT_GATEWAY',
    level: 'warning',
    fix: 'Remove the NAT gateway.',
    source: 'Amazon VPC pricing: per hour and per gigabyte',
    *find(view) {
      for (const gateway of view.all('natGateway'))
        yield { where: label(gateway), message: 'costs about $36 a month without being needed' }
    },
  },
  {
    code: 'SECURITY_GROUP_OPEN',
    level: 'warning',
    fix: 'Remove the rules: a Lambda function is not called through its network interface.',
    source: 'Amazon VPC User Guide, “Security group rules”: all egress by default',
    *find(view) {
      const used = new Set(
        view.all('function').flatMap(({ network }) => network?.securityGroups ?? []),
      )
      for (const group of view.all('securityGroup')) {
        const rules = [...group.egress, ...group.ingress]
        if (used.has(group.name) && rules.length > 0)
          yield { where: label(group), message: `allows ${rules.join(', ')}` }
      }
    },
  },
  {
    code: 'MCP_OUTSIDE_VPC',
    level: 'info',
    fix: 'Put the function into isolated subnets, unless its tools call the internet.',
    source:
      'Lambda Developer Guide, “Giving Lambda functions access to resources in an Amazon VPC”',
    *find(view) {
      for (const fn of view.all('function'))
        if (fn.network === null && !NEEDS_INTERNET.test(fn.handler))
          yield { where: label(fn), message: 'reaches the whole internet' }
    },
  },
]

/** Default routes of the subnets of a function. */
function waysOut(view: View, { network }: LambdaFunction): string[] {
  const tables = (network?.subnets ?? []).map((name) => view.named('subnet', name)?.routeTable)
  return view
    .all('networkRoute')
    .filter(({ destination }) => destination === '0.0.0.0/0' || destination === '::/0')
    .filter(({ routeTable }) => tables.includes(routeTable))
    .map(({ destination, target }) => `${destination} to ${target}`)
}
