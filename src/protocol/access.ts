/** Rules over verified claims; see `AccessRule` in the options. */
interface Rule {
  subjects?: readonly string[]
  groups?: readonly string[]
  emailDomains?: readonly string[]
  claims?: Readonly<Record<string, readonly string[]>>
  scopes?: readonly string[]
}

export type Claims = Readonly<Record<string, unknown>>

export type Grant = { admitted: true; scopes: 'all' | readonly string[] } | { admitted: false }

/** Who may sign in, and with which scopes: any rule admits, and matching rules' scopes add up. */
export function evaluateAccess(
  access: 'anyoneTheIdpAdmits' | readonly Rule[],
  claims: Claims,
  groupsClaim: string,
): Grant {
  if (access === 'anyoneTheIdpAdmits') return { admitted: true, scopes: 'all' }
  const matching = access.filter((rule) => matches(rule, claims, groupsClaim))
  if (matching.length === 0) return { admitted: false }
  if (matching.some((rule) => rule.scopes === undefined)) return { admitted: true, scopes: 'all' }
  return { admitted: true, scopes: [...new Set(matching.flatMap((rule) => rule.scopes ?? []))] }
}

/** Whether the rules look at anything but `sub`. Without claims they then cannot be evaluated. */
export function needsClaims(access: 'anyoneTheIdpAdmits' | readonly Rule[]): boolean {
  return (
    access !== 'anyoneTheIdpAdmits' &&
    access.some(
      (rule) =>
        rule.groups !== undefined || rule.emailDomains !== undefined || rule.claims !== undefined,
    )
  )
}

function matches(rule: Rule, claims: Claims, groupsClaim: string): boolean {
  const subject = claims['sub']
  if (rule.subjects && !(typeof subject === 'string' && rule.subjects.includes(subject)))
    return false
  if (rule.groups && !readGroups(claims, groupsClaim).some((group) => rule.groups?.includes(group)))
    return false
  if (rule.emailDomains) {
    const domain = verifiedEmail(claims)?.split('@').at(-1)?.toLowerCase()
    if (!rule.emailDomains.some((allowed) => allowed.toLowerCase() === domain)) return false
  }
  return Object.entries(rule.claims ?? {}).every(([name, allowed]) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined
    return typeof value === 'string' && allowed.includes(value)
  })
}

/** The e-mail address, only when the identity provider says that it verified it. */
export function verifiedEmail(claims: Claims): string | undefined {
  // Cognito's userInfo says "true" as a string (OpenID Connect Core §5.1 wants a boolean).
  const verified = claims['email_verified'] === true || claims['email_verified'] === 'true'
  const email = claims['email']
  return verified && typeof email === 'string' && email.includes('@') ? email : undefined
}

export function readGroups(claims: Claims, groupsClaim: string): string[] {
  const groups = Object.hasOwn(claims, groupsClaim) ? claims[groupsClaim] : undefined
  return Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : []
}
