import * as v from 'valibot'

const Context = v.object({
  requestContext: v.object({
    authorizer: v.union([
      v.pipe(
        v.object({ jwt: v.object({ claims: v.record(v.string(), v.string()) }) }),
        v.transform(({ jwt }) => jwt.claims),
      ),
      v.pipe(
        v.object({ lambda: v.record(v.string(), v.string()) }),
        v.transform(({ lambda }) => lambda),
      ),
    ]),
  }),
})

/**
 * What an authorizer of the API said about the caller, for a function behind one. It says so in
 * the request context only, which nobody outside can write: headers are never looked at. Undefined
 * where no authorizer has been asked.
 */
export function authorizerClaims(event: unknown): Readonly<Record<string, string>> | undefined {
  const parsed = v.safeParse(Context, event)
  return parsed.success ? parsed.output.requestContext.authorizer : undefined
}

/**
 * A list as the JWT authorizer writes it: `[Admins Readers]`, as Go prints it, without quotation
 * marks. Only for claims that are lists: a text may look like one.
 */
export function parseListClaim(text: string): string[] {
  const inner = /^\[(.*)\]$/s.exec(text)?.[1] ?? text
  return inner.split(' ').filter((item) => item !== '')
}
