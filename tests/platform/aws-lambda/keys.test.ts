import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest'
import { createPostern } from '../../../src/postern.ts'
import { createKeysHandler } from '../../../src/platform/aws-lambda/keys-handler.ts'
import { createKeyWatch } from '../../../src/platform/aws-lambda/key-watch.ts'
import type { SecretValue } from '../../../src/platform/aws-lambda/secret.ts'
import { Clock } from '../../support/clock.ts'
import { ISSUER, MCP_URL } from '../../support/world.ts'
import { FakeAws, refusal, SECRET_ARN, secretValue, sha256, VARIABLES } from './lambda-world.ts'

const RESPONSE_URL = 'https://cloudformation-custom-resource-response.s3.amazonaws.com/x?sig=y'
const JWKS_URI =
  'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x/.well-known/jwks.json'
const RSA = { kty: 'RSA', kid: 'k1', alg: 'RS256', use: 'sig', n: 'AQAB'.repeat(80), e: 'AQAB' }
const BROKER = { mode: 'broker', issuer: ISSUER, rotation: '1' }
const RELAY = { mode: 'relay', issuer: ISSUER, jwksUri: JWKS_URI, rotation: '1' }

interface Answer {
  Status: string
  Reason?: string
  Data?: Record<string, string>
  PhysicalResourceId: string
  RequestId: string
}

let aws: FakeAws
let clock: Clock
let jwks: () => Response
let answers: { answer: Answer; request: Request }[]
let stdout: MockInstance<typeof process.stdout.write>
const lines: string[] = []

beforeEach(() => {
  aws = new FakeAws()
  clock = new Clock()
  jwks = () => Response.json({ keys: [RSA] })
  answers = []
  lines.length = 0
  stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text))
    return true
  })
})
afterEach(() => stdout.mockRestore())

const fetch: typeof globalThis.fetch = async (input, init) => {
  const request = new Request(input, init)
  if (request.url === JWKS_URI) return jwks()
  if (request.url === RESPONSE_URL) {
    answers.push({ request, answer: (await request.clone().json()) as Answer })
    return new Response()
  }
  return aws.fetch(request)
}

function keys(wait: (ms: number) => Promise<void> = () => Promise.resolve()) {
  return createKeysHandler({
    fetch,
    variables: { ...VARIABLES, POSTERN_SECRET_ARN: SECRET_ARN },
    now: clock.now,
    wait,
    random: (length) => randomBytes(length),
  })
}

const keysOf = (jwks: string): unknown => (JSON.parse(jwks) as { keys: unknown }).keys
const stored = (): SecretValue => aws.stored!.value as SecretValue

describe('keys, called by Terraform', () => {
  test('makes the secret and returns its public parts only', async () => {
    const output = (await keys()(BROKER))!
    expect(output.originSecretSha256).toBe(sha256(stored().originSecret))
    expect(output.secretVersion).toBe(aws.stored!.version)
    expect(stored().entries).toHaveLength(1)
    const text = JSON.stringify(output) + lines.join()
    for (const secret of [stored().originSecret, stored().entries[0]!.secret])
      expect(text).not.toContain(secret)
    expect(keysOf(output.jwks)).toEqual([
      {
        kty: 'OKP',
        crv: 'Ed25519',
        x: expect.any(String),
        kid: expect.any(String),
        alg: 'EdDSA',
        use: 'sig',
      },
    ])
  })

  test('returns the very keys that the authorization server publishes', async () => {
    const output = (await keys()({ ...BROKER, rotation: '1' }))!
    clock.advance(60)
    const rotated = (await keys()({ ...BROKER, rotation: '2' }))!
    const postern = createPostern({
      resources: [{ url: MCP_URL, upstream: 'http://127.0.0.1/mcp' }],
      identityProvider: { issuer: 'https://idp.example', clientId: 'x' },
      access: 'anyoneTheIdpAdmits',
      secrets: stored().entries.map(({ secret }) => secret),
    })
    const published = await postern.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
    const { keys: live } = (await published.json()) as { keys: { kid: string }[] }
    const pinned = JSON.parse(rotated.jwks) as { keys: { kid: string }[] }
    expect(pinned.keys.map(({ kid }) => kid).sort()).toEqual(live.map(({ kid }) => kid).sort())
    expect(pinned.keys).toHaveLength(2)
    expect(output.jwks).not.toBe(rotated.jwks)
  })

  test('changes nothing when it is called again', async () => {
    const first = await keys()(BROKER)
    clock.advance(3600)
    expect(await keys()(BROKER)).toEqual(first)
    expect(aws.count('PutSecretValue')).toBe(1)
  })

  test('rotates both secrets for another text, and names the previous origin secret as well', async () => {
    await keys()(BROKER)
    const before = stored()
    const output = (await keys()({ ...BROKER, rotation: '2' }))!
    expect(output.originSecretSha256).toBe(
      `${sha256(stored().originSecret)},${sha256(before.originSecret)}`,
    )
    expect(stored().entries[1]!.activeFrom).toBe(clock.seconds + 900)
  })

  test('reads again where another call has written in between', async () => {
    await keys()(BROKER)
    const winner = { ...secretValue({ rotation: '2' }) }
    aws.beforeWrite = () => {
      aws.beforeWrite = undefined
      const taken = aws.calls.at(-1)!.input['ClientRequestToken']
      aws.takeEveryToken()
      aws.stored = { value: winner, version: String(taken) }
    }
    await keys()({ ...BROKER, rotation: '2' })
    expect(stored()).toEqual(winner)
  })

  test('gives up where others always write in between', async () => {
    aws.takeEveryToken()
    await expect(keys()(BROKER)).rejects.toThrow('PutSecretValue failed: ResourceExistsException')
    expect(aws.count('PutSecretValue')).toBe(3)
  })

  test.each([
    'not json',
    '{"password":"hunter2hunter2"}',
    JSON.stringify({ ...secretValue(), entries: 1 }),
  ])('overwrites nothing that it did not write, and does not repeat it: %s', async (value) => {
    aws.stored = { value, version: 'v' }
    const failure = await keys()(BROKER).then(
      () => 'nothing was thrown',
      (error: Error) => error.message,
    )
    expect(failure).toContain('something else')
    expect(failure + lines.join()).not.toContain('hunter2')
    expect(aws.count('PutSecretValue')).toBe(0)
  })

  test.each<[object, string]>([
    [{ ...BROKER, mode: 'both' }, 'mode'],
    [{ ...BROKER, issuer: `${ISSUER}/` }, 'issuer'],
    [{ mode: 'broker', issuer: 1 }, 'issuer, rotation'],
    [{ ...RELAY, jwksUri: undefined }, 'jwksUri'],
    [{ ...RELAY, jwksUri: 'http://idp.example' }, 'jwksUri'],
    [{ ...BROKER, wantsBasic: 'true' }, 'clientId'],
    [{ ...BROKER, wantsBasic: 'true', clientId: 'c' }, 'userPoolId'],
  ])('names what is wrong with its input: %j', async (input, names) => {
    await expect(keys()(input)).rejects.toThrow(`wrong input: ${names}`)
  })

  test('waits for a role’s new permission to have effect, but not for long', async () => {
    const waits: number[] = []
    aws.fault = () => refusal('AccessDeniedException')
    const patient = keys((ms) => {
      waits.push(ms)
      if (waits.length === 2) aws.fault = undefined
      return Promise.resolve()
    })
    await patient(BROKER)
    expect(waits).toHaveLength(2)
    expect(aws.count('PutSecretValue')).toBe(1)

    aws.fault = () => refusal('AccessDeniedException')
    await expect(patient(BROKER)).rejects.toThrow('AccessDeniedException')
    const total = waits.slice(2).reduce((sum, ms) => sum + ms, 0)
    expect(total).toBeGreaterThan(10_000)
    expect(total).toBeLessThan(20_000)

    aws.fault = () => refusal('InternalServiceError')
    const { length } = waits
    await expect(patient(BROKER)).rejects.toThrow('InternalServiceError')
    expect(waits).toHaveLength(length)
  })

  test('says which call AWS refused', async () => {
    aws.fault = () => refusal('AccessDeniedException')
    await expect(keys()(BROKER)).rejects.toThrow('GetSecretValue failed: AccessDeniedException')
    aws.fault = () => new Response('<html>', { status: 503 })
    await expect(keys()(BROKER)).rejects.toThrow('GetSecretValue failed: status 503')
    aws.fault = () => {
      throw new TypeError('fetch failed')
    }
    await expect(keys()(BROKER)).rejects.toThrow('GetSecretValue failed: no answer')
  })
})

describe('keys of a relay', () => {
  test('are the identity provider’s, without anything that is not public', async () => {
    jwks = () =>
      Response.json({
        keys: [
          { ...RSA, x5c: ['cert'], d: 'private', p: 'private' },
          { ...RSA, kid: 'enc', use: 'enc' },
          { kty: 'oct', kid: 'mac', k: 'private' },
          { kty: 'RSA', kid: 'no-alg', n: RSA.n, e: 'AQAB' },
          { kty: 'RSA', n: RSA.n, e: 'AQAB' },
        ],
      })
    const output = (await keys()(RELAY))!
    expect(keysOf(output.jwks)).toEqual([
      RSA,
      { kty: 'RSA', kid: 'no-alg', alg: 'RS256', use: 'sig', n: RSA.n, e: 'AQAB' },
    ])
    expect(stored().entries).toEqual([])
  })

  test.each<[string, () => Response, string]>([
    ['is down', () => new Response('', { status: 503 }), 'answered with status 503'],
    ['answers a page', () => new Response('<html>'), 'did not answer with JSON'],
    ['lists nothing', () => Response.json({ keys: [] }), 'lists no signing key'],
    ['answers another form', () => Response.json([]), 'lists no signing key'],
  ])('are an error where the provider %s', async (_, answer, message) => {
    jwks = answer
    await expect(keys()(RELAY)).rejects.toThrow(message)
  })

  test('are an error where they would not fit into an environment', async () => {
    const many = Array.from({ length: 9 }, (_, index) => ({ ...RSA, kid: `k${index}` }))
    jwks = () => Response.json({ keys: many })
    await expect(keys()(RELAY)).rejects.toThrow('take more than 3072 bytes')
  })

  test('come with the client’s secret for the edge, kept in the secret', async () => {
    aws.clientSecret = 'client-secret'
    const client = { userPoolId: 'eu-central-1_x', clientId: 'client' }
    const output = await keys()({ ...RELAY, ...client, wantsBasic: 'true' })
    expect(stored().basic).toBe(btoa('client:client-secret'))
    expect(stored().clientSecret).toBeUndefined()
    expect(JSON.stringify(output)).not.toContain(stored().basic)
    await keys()({ ...RELAY, ...client, wantsClientSecret: 'true' })
    expect([stored().basic, stored().clientSecret]).toEqual([undefined, 'client-secret'])
    const writes = aws.count('PutSecretValue')
    await keys()({ ...RELAY, ...client, wantsClientSecret: 'true' })
    expect(aws.count('PutSecretValue')).toBe(writes)
    aws.clientSecret = undefined
    await expect(keys()({ ...RELAY, ...client, wantsBasic: 'true' })).rejects.toThrow('no secret')
  })
})

describe('keys, called by CloudFormation', () => {
  const request = (changes: object = {}) => ({
    RequestType: 'Create',
    ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:keys',
    ResponseURL: RESPONSE_URL,
    StackId: 'stack',
    RequestId: 'request',
    ResourceType: 'Custom::PosternKeys',
    LogicalResourceId: 'Keys',
    ResourceProperties: { ServiceToken: 'arn:aws:lambda:x', ...BROKER },
    ...changes,
  })

  test('answers at the URL that it was given, under one id for good', async () => {
    await keys()(request())
    expect(answers).toHaveLength(1)
    const { answer, request: sent } = answers[0]!
    expect(answer).toMatchObject({ Status: 'SUCCESS', RequestId: 'request', StackId: 'stack' })
    expect(answer.Data).toEqual({
      jwks: expect.stringContaining('Ed25519'),
      originSecretSha256: sha256(stored().originSecret),
      secretVersion: aws.stored!.version,
    })
    expect([sent.method, sent.headers.get('content-type')]).toEqual(['PUT', ''])
    const update = { RequestType: 'Update', PhysicalResourceId: answer.PhysicalResourceId }
    await keys()(request(update))
    expect(answers[1]!.answer.PhysicalResourceId).toBe(answer.PhysicalResourceId)
    expect(answers[1]!.answer.Data).toEqual(answer.Data)
  })

  test('answers FAILED with a reason', async () => {
    await keys()(request({ ResourceProperties: { ...BROKER, mode: 'x' } }))
    expect(answers[0]!.answer).toMatchObject({ Status: 'FAILED', Reason: 'wrong input: mode' })
    aws.fault = () => refusal('AccessDeniedException')
    await keys()(request())
    expect(answers[1]!.answer.Reason).toBe('GetSecretValue failed: AccessDeniedException')
  })

  test('a failure that nobody foresaw is told by place, not by words', async () => {
    const failing = createKeysHandler({
      fetch,
      variables: { ...VARIABLES, POSTERN_SECRET_ARN: SECRET_ARN },
      now: clock.now,
      random: () => {
        throw new Error('the secret is hunter2')
      },
    })
    await failing(request())
    expect(answers[0]!.answer.Reason).toBe('unexpected failure, see the log of the keys function')
    await expect(failing(BROKER)).rejects.toThrow('unexpected failure')
    const log = lines.join()
    expect(log).toContain('keys.test.ts')
    expect(log + JSON.stringify(answers)).not.toContain('hunter2')
  })

  test('has nothing to undo when the stack goes', async () => {
    await keys()(request({ RequestType: 'Delete', PhysicalResourceId: 'Keys-keys' }))
    expect(answers[0]!.answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'Keys-keys' })
    expect(aws.calls).toEqual([])
  })
})

describe('keyWatch', () => {
  const variables = (changes: Record<string, string>) => ({
    ...VARIABLES,
    POSTERN_REDEPLOY_COMMAND: 'npx cdk deploy McpStack',
    ...changes,
  })
  const watch = (changes: Record<string, string>) =>
    createKeyWatch({ fetch, variables: variables(changes), now: clock.now })()
  const relay = { POSTERN_MODE: 'relay', POSTERN_JWKS_URI: JWKS_URI }
  const broker = { POSTERN_MODE: 'broker', POSTERN_SECRET_ARN: SECRET_ARN }

  test('is content while a relay’s keys are the pinned ones, in any order', async () => {
    const second = { ...RSA, kid: 'k2' }
    jwks = () => Response.json({ keys: [second, { ...RSA, x5t: 'more' }] })
    await watch({ ...relay, POSTERN_JWKS: JSON.stringify({ keys: [RSA, second] }) })
  })

  test.each<[string, object[]]>([
    ['has a new key', [RSA, { ...RSA, kid: 'k2' }]],
    ['dropped a key', [{ ...RSA, kid: 'k2' }]],
    ['gave a known kid to another key', [{ ...RSA, n: 'B'.repeat(320) }]],
  ])('raises the alarm with the command where the provider %s', async (_, live) => {
    jwks = () => Response.json({ keys: live })
    const pinned = { ...relay, POSTERN_JWKS: JSON.stringify({ keys: [RSA] }) }
    await expect(watch(pinned)).rejects.toThrow('Run: npx cdk deploy McpStack')
  })

  test('tells an unreachable provider from stale keys', async () => {
    jwks = () => new Response('', { status: 500 })
    const pinned = { ...relay, POSTERN_JWKS: JSON.stringify({ keys: [RSA] }) }
    await expect(watch(pinned)).rejects.toThrow('answered with status 500')
  })

  test('compares a broker’s keys with those of its secret', async () => {
    const { jwks: pinned } = (await keys()(BROKER))!
    await watch({ ...broker, POSTERN_JWKS: pinned })
    await keys()({ ...BROKER, rotation: '2' })
    await expect(watch({ ...broker, POSTERN_JWKS: pinned })).rejects.toThrow('Run: npx cdk deploy')
    aws.stored = undefined
    await expect(watch({ ...broker, POSTERN_JWKS: pinned })).rejects.toThrow('has no value')
  })
})
