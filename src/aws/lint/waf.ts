import type { WebAcl } from '../topology.ts'
import type { Rule } from './rule.ts'
import { label, type View } from './view.ts'

/** Rules that take a loopback address in a parameter for an attack. */
const LOOPBACK_RULES = [
  'EC2MetaDataSSRF_QUERYARGUMENTS',
  'EC2MetaDataSSRF_BODY',
  'GenericRFI_QUERYARGUMENTS',
  'GenericRFI_BODY',
]
/** Rules that stop queries over 2,048 bytes and bodies over 8,192. */
const SIZE_RULES = ['SizeRestrictions_QUERYSTRING', 'SizeRestrictions_BODY']

const RULE_SET = 'AWSManagedRulesCommonRuleSet'

export const wafRules: readonly Rule[] = [
  {
    code: 'WAF_BLOCKS_LOOPBACK',
    level: 'error',
    fix: `Count instead of block: ${LOOPBACK_RULES.join(', ')}.`,
    source:
      'AWS WAF Developer Guide, “Baseline rule groups”; reported: redirect_uri=http://127.0.0.1 is a 403',
    *find(view) {
      for (const { acl, rules } of blocked(view, LOOPBACK_RULES))
        yield { where: label(acl), message: `blocks loopback redirect URIs (${rules.join(', ')})` }
    },
  },
  {
    code: 'WAF_LIMITS_SIZE',
    level: 'warning',
    fix: `Count instead of block: ${SIZE_RULES.join(', ')}.`,
    source:
      'AWS WAF Developer Guide, “Baseline rule groups”: queries over 2,048 bytes, bodies over 8,192',
    *find(view) {
      for (const { acl, rules } of blocked(view, SIZE_RULES))
        yield {
          where: label(acl),
          message: `cuts off long sign-ins and large tool calls (${rules.join(', ')})`,
        }
    },
  },
]

function blocked(view: View, names: readonly string[]): { acl: WebAcl; rules: string[] }[] {
  return view.all('webAcl').flatMap((acl) =>
    acl.managedRuleSets
      .filter(({ name }) => name === RULE_SET)
      .map(({ excluded }) => ({ acl, rules: names.filter((name) => !excluded.includes(name)) }))
      .filter(({ rules }) => rules.length > 0),
  )
}
