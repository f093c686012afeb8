import * as v from 'valibot'
import type { ConfigIssue } from './config-error.ts'

/**
 * Checks the form of options. What has the right form (`sound`) is checked further even when
 * something else has not, so that all problems come at once.
 */
export function checkForm(
  schema: v.GenericSchema,
  options: unknown,
): { issues: ConfigIssue[]; sound: (key: string) => boolean } {
  const parsed = v.safeParse(schema, options)
  const issues = parsed.success ? [] : parsed.issues.map(describeSchemaIssue)
  const broken = new Set(issues.map((issue) => issue.path.split('.')[0]))
  return { issues, sound: (key) => !broken.has('options') && !broken.has(key) }
}

function describeSchemaIssue(issue: v.BaseIssue<unknown>): ConfigIssue {
  const path = v.getDotPath(issue) ?? 'options'
  const missing = issue.received === 'undefined'
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return { path, message: 'is not an option', fix: 'Remove it, or check its spelling.' }
  if (path === 'access')
    return {
      path,
      message: missing ? 'is missing' : 'is not a list of rules',
      fix: "Say who may sign in: a list of rules, or 'anyoneTheIdpAdmits'.",
    }
  if (path === 'secrets')
    return {
      path,
      message: missing ? 'is missing' : 'needs at least one secret',
      fix: 'Make one with `postern secret`.',
    }
  return {
    path,
    message: missing ? 'is missing' : 'has the wrong form',
    // Names types and limits only; the value itself might be a secret.
    fix: `It must be ${issue.expected ?? 'of another form'}.`,
  }
}
