import { describe, expect, test } from 'vitest'
import { authorizerClaims, parseListClaim } from '../../../src/platform/aws-lambda/claims.ts'
import { httpEvent } from './lambda-world.ts'

describe('claims of an authorizer', () => {
  test('come from the request context: those of a JWT authorizer', () => {
    const claims = { sub: 'ada', 'cognito:groups': '[Admins Readers]', exp: '1795600800' }
    expect(authorizerClaims(httpEvent({ authorizer: { jwt: { claims, scopes: null } } }))).toEqual(
      claims,
    )
  })

  test('and those of a Lambda authorizer', () => {
    const lambda = { subject: 'ada', groups: 'staff' }
    expect(authorizerClaims(httpEvent({ authorizer: { lambda } }))).toEqual(lambda)
  })

  test.each([
    ['headers', httpEvent({ headers: { 'x-amzn-request-context': '{"authorizer":{"jwt":{}}}' } })],
    ['the event itself', { ...httpEvent(), authorizer: { jwt: { claims: { sub: 'eve' } } } }],
    ['another type', httpEvent({ authorizer: { jwt: { claims: { sub: { $ne: '' } } } } })],
    ['null', httpEvent({ authorizer: null })],
    ['nothing', undefined],
  ])('never from %s', (_, event) => {
    expect(authorizerClaims(event)).toBeUndefined()
  })

  test.each([
    ['[Admins Readers]', ['Admins', 'Readers']],
    ['[Admins]', ['Admins']],
    ['[]', []],
    ['', []],
    ['Admins', ['Admins']],
    ['[[Admins] Readers]', ['[Admins]', 'Readers']],
    ['[Admins', ['[Admins']],
    ['[a,b "c"]', ['a,b', '"c"']],
  ])('a list as Go prints it: %s', (text, expected) => {
    expect(parseListClaim(text)).toEqual(expected)
  })
})
