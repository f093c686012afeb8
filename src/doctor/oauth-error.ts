import type { Answer } from './ask.ts'
import { isObject, textOf } from './probes/documents.ts'

/** The `error` of an OAuth error response (RFC 6749 §5.2); undefined where the body is none. */
export function readOAuthError({ json }: Pick<Answer, 'json'>): string | undefined {
  return isObject(json) ? textOf(json, 'error') : undefined
}
