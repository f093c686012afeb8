import type { LambdaFunction } from '../topology.ts'
import type { Rule } from './rule.ts'
import { label } from './view.ts'

/** Lambda Developer Guide, “Lambda runtimes”, table of deprecated runtimes (November 2026). */
const DEPRECATED =
  /^(?:nodejs(?:\d\.x|1\d\.x|20\.x|\d\.\d+|)|python(?:2\.7|3\.[6-9])|ruby(?:2\.\d|3\.2)|java8|dotnet(?:core.*|[56])|go1\.x|provided)$/

export const functionRules: readonly Rule[] = [
  {
    code: 'RUNTIME_DEPRECATED',
    level: 'error',
    fix: 'Move to a runtime that Lambda supports, for Node.js nodejs24.x.',
    source: 'Lambda Developer Guide, “Lambda runtimes”, deprecated runtimes',
    *find(view) {
      for (const fn of view.all('function'))
        if (DEPRECATED.test(fn.runtime))
          yield { where: label(fn), message: `runs on ${fn.runtime}, which is deprecated` }
    },
  },
  {
    code: 'LOG_GROUP_MISSING',
    level: 'warning',
    fix: 'Create the log group with a retention and name it in the function.',
    source:
      'Lambda Developer Guide, “Sending logs to CloudWatch”: the one Lambda makes never expires',
    *find(view) {
      for (const fn of view.all('function'))
        if (fn.logGroup === null)
          yield { where: label(fn), message: 'writes to a log group that never expires' }
    },
  },
  {
    code: 'LOG_RETENTION_MISSING',
    level: 'warning',
    fix: 'Set the retention of the log group.',
    source: 'CloudWatch Logs User Guide, “Change log data retention”: kept indefinitely by default',
    *find(view) {
      for (const logGroup of view.all('logGroup'))
        if (logGroup.retentionDays === null)
          yield { where: label(logGroup), message: 'keeps logs for ever' }
    },
  },
  {
    code: 'ROLE_TOO_WIDE',
    level: 'warning',
    fix: 'Name the actions and the resources that the function needs.',
    source: 'IAM User Guide, “Grant least privilege”',
    *find(view) {
      for (const role of view.all('role')) {
        const actions = role.statements.flatMap((statement) =>
          statement.actions.filter(
            (action) =>
              action.endsWith('*') || (SENSITIVE.test(action) && statement.resources.includes('*')),
          ),
        )
        const admin = role.managedPolicies.filter((policy) =>
          /Administrator|FullAccess/.test(policy),
        )
        const wide = [...actions, ...admin]
        if (wide.length > 0) yield { where: label(role), message: `may do ${wide.join(', ')}` }
      }
    },
  },
  {
    code: 'SECRET_WITHIN_REACH',
    level: 'error',
    fix: 'Let only the functions that sign read the secret; the gate verifies with public keys.',
    source: 'IAM User Guide, “Grant least privilege”; the gate can issue no token and open no seal',
    *find(view) {
      for (const fn of view.all('function')) {
        const role = view.named('role', fn.role)
        const reads = role?.statements.some(({ actions }) =>
          actions.some((action) => action.startsWith('secretsmanager:')),
        )
        if (reads === true && !needsSecret(fn))
          yield { where: label(fn), message: 'may read a secret that it does not need' }
      }
    },
  },
]

const SENSITIVE = /^(?:secretsmanager|cognito-idp|lambda|iam|sts|kms|ssm|s3|dynamodb):/

function needsSecret({ environment }: LambdaFunction): boolean {
  return 'POSTERN_SECRET_ARN' in environment
}
