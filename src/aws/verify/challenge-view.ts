import * as v from 'valibot'
import type { Position } from './finding.ts'
import type { Answer, Asked } from './outside.ts'
import { settled, unsettled } from './switches.ts'
import { wayOut } from './ways-out.ts'

export const REMAPPED = 'x-amzn-remapped-www-authenticate'

/** All refusals of the MCP endpoint together: who gave them, and what became of them on the way. */
export interface View {
  metadataUrl: string
  /** The API's authorizer refused, so no function was asked. */
  byAuthorizer: boolean
  /** A response headers policy sets a challenge. */
  hasPolicy: boolean
  refusals: Answer[]
}

export function createView(metadataUrl: string, preflight: Asked, asked: readonly Asked[]): View {
  const refusals = asked.flatMap((each) =>
    each.ok && each.value.status >= 400 ? [each.value] : [],
  )
  return {
    metadataUrl,
    byAuthorizer: refusals.some(isAuthorizers),
    // The answer to a preflight needs no challenge: one that bears it shows the policy.
    hasPolicy: preflight.ok && preflight.value.headers.has('www-authenticate'),
    refusals,
  }
}

/** API Gateway's own words, where an authorizer refuses or fails. */
const AuthorizersSchema = v.strictObject({
  message: v.picklist(['Unauthorized', 'Forbidden', 'Internal Server Error']),
})

export function isAuthorizers({ json }: Answer): boolean {
  return v.is(AuthorizersSchema, json)
}

export function challengeOf({ headers }: Answer): string | null {
  return headers.get('www-authenticate')
}

export function namesMetadata(answer: Answer, metadataUrl: string): boolean {
  return challengeOf(answer)?.includes(`resource_metadata="${metadataUrl}"`) === true
}

/** Rows 2 and 3. */
export function readPositions(view: View): Position[] {
  return [headersPolicy(view), remapping(view)]
}

function headersPolicy({ metadataUrl, hasPolicy, refusals }: View): Position {
  const name = 'headersPolicyOnErrors'
  const wouldTell = `a deployment with ${wayOut('defenceBoth')}`
  if (refusals.length === 0) return unsettled(name, 'there is no refusal to look at', wouldTell)
  const [refusal] = refusals.filter(isAuthorizers)
  if (refusal === undefined)
    return unsettled(name, 'the function refuses, with a challenge of its own', wouldTell)
  const evidence = `the authorizer’s ${refusal.status}`
  if (namesMetadata(refusal, metadataUrl))
    return settled(name, 'applied', `${evidence} bears the challenge of the edge`)
  return hasPolicy
    ? settled(name, 'skipped', `a preflight bears the challenge, ${evidence} does not`)
    : unsettled(name, 'no response headers policy is to be seen', wouldTell)
}

function remapping({ byAuthorizer, hasPolicy, refusals }: View): Position {
  const name = 'httpApiRemapsWwwAuthenticate'
  const wouldTell = `a deployment with ${wayOut('defenceLambda')}`
  if (byAuthorizer)
    return unsettled(name, 'the authorizer refuses, so no function sends a challenge', wouldTell)
  if (refusals.some(({ headers }) => headers.has(REMAPPED)))
    return settled(name, 'true', `the function’s 401 bears ${REMAPPED}`)
  if (hasPolicy) return unsettled(name, 'the edge sets a challenge over whatever comes', wouldTell)
  return refusals.some((answer) => challengeOf(answer) !== null)
    ? settled(name, 'false', 'the function’s 401 bears WWW-Authenticate')
    : unsettled(name, 'no refusal bears either name', wouldTell)
}
