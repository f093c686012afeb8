import { placeholdersIn, type Text } from '../topology.ts'
import type { Rule } from './rule.ts'
import { label } from './view.ts'

/** Lambda Developer Guide, “Lambda quotas”: all environment variables together. */
const MAX_ENVIRONMENT_BYTES = 4096

/** What a placeholder may grow to once it is deployed, by the last word of it. */
const EXPECTED_BYTES: Readonly<Record<string, number>> = { jwks: 1300, arn: 120 }
const OTHERWISE_BYTES = 64

/** Opted into by name, and given to whoever registers: reported apart. */
const SHARED_SECRET = 'POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET'

const SECRET_NAME = /SECRET|PASSWORD|PASSWD|PRIVATE_?KEY|API_?KEY|CREDENTIAL|_TOKEN$/i
/** A name, an address or a digest of a secret is none. */
const NO_SECRET_NAME = /_(?:ARN|NAME|ID|SHA256|HASH|URL|URI|PATH|PARAMETER)$/i
const SECRET_VALUE =
  /\$\{secret\.[^.}]+\.(?!arn\})|\{\{resolve:(?:secretsmanager|ssm-secure):|-----BEGIN [A-Z ]*PRIVATE KEY|"(?:d|k)"\s*:\s*"|\bAKIA[0-9A-Z]{16}\b|^Basic [A-Za-z0-9+/]{8,}/

export const environmentRules: readonly Rule[] = [
  {
    code: 'SECRET_IN_ENVIRONMENT',
    level: 'error',
    fix: 'Keep the secret in Secrets Manager; a function that only verifies needs its SHA-256.',
    source:
      'Lambda Developer Guide, “Environment variables”: whoever may read the configuration reads them',
    *find(view) {
      for (const fn of view.all('function'))
        for (const [name, value] of Object.entries(fn.environment))
          if (name !== SHARED_SECRET && isSecret(name, value))
            yield { where: label(fn), message: `has a secret in ${name}` }
    },
  },
  {
    code: 'CLIENT_SECRET_SHARED',
    level: 'warning',
    fix: 'Use a public client (none and S256), or let the edge send the secret.',
    source: 'RFC 6749 §2.1: what everybody is given is no secret; RFC 7591 §5',
    *find(view) {
      for (const fn of view.all('function'))
        if (SHARED_SECRET in fn.environment)
          yield { where: label(fn), message: 'gives the client’s secret to whoever registers' }
    },
  },
  {
    code: 'ENVIRONMENT_TOO_LARGE',
    level: 'error',
    fix: 'Shorten the lists: fewer redirect URIs, groups or access rules.',
    source: 'Lambda Developer Guide, “Lambda quotas”: 4 KB of environment variables',
    *find(view) {
      for (const fn of view.all('function')) {
        const bytes = expectedBytes(fn.environment)
        if (bytes > MAX_ENVIRONMENT_BYTES)
          yield { where: label(fn), message: `has about ${bytes} bytes of environment` }
      }
    },
  },
]

function isSecret(name: string, value: Text): boolean {
  return SECRET_VALUE.test(value) || (SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name))
}

function expectedBytes(environment: Readonly<Record<string, Text>>): number {
  return Object.entries(environment).reduce((sum, [name, value]) => {
    const literal = Buffer.byteLength(value.replaceAll(/\$\{[^}]*\}/g, ''))
    const deployed = placeholdersIn(value).map(
      (inner) => EXPECTED_BYTES[inner.split('.').at(-1) ?? ''] ?? OTHERWISE_BYTES,
    )
    return deployed.reduce((total, bytes) => total + bytes, sum + name.length + literal)
  }, 0)
}
