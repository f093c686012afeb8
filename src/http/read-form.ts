import { parseParameters, type Parameters } from '../protocol/form.ts'
import type { Failure } from '../protocol/failure.ts'
import { fail, type Result } from '../protocol/result.ts'

/** Reads a form body strictly (RFC 6749 §3.2, appendix B). */
export async function readForm(request: Request): Promise<Result<Parameters, Failure>> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    return fail({ reason: 'body_not_form' })
  const bytes = await request.arrayBuffer()
  try {
    return parseParameters(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return fail({ reason: 'body_not_utf8' })
  }
}
