import { hash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import * as v from 'valibot'
import { AwsError, createAwsCall, type AwsCall } from './aws-api.ts'
import { readEnvironment } from './environment.ts'
import type { LambdaRuntime } from './lambda-runtime.ts'
import { derivePublicKeys, fetchPublicKeys, KeysUnavailable } from './public-keys.ts'
import { rotate } from './rotation.ts'
import { readSecret, writeSecret, type SecretValue, type StoredSecret } from './secret.ts'

/** What a deployment is told: public parts only. */
export interface KeysOutput {
  /** JSON of the keys that gates pin. */
  jwks: string
  /** SHA-256 of the secrets that CloudFront may send, newest first, separated by a comma. */
  originSecretSha256: string
  secretVersion: string
}

export interface KeysRuntime extends Pick<LambdaRuntime, 'fetch' | 'variables' | 'now' | 'random'> {
  wait?: (milliseconds: number) => Promise<void>
}

/** The call itself is wrong, or what it asks for cannot be had. The message names no value. */
class KeysRefusal extends Error {}

const Flag = v.optional(v.picklist(['true', 'false']), 'false')
const Input = v.object({
  mode: v.picklist(['relay', 'broker']),
  /** Own origin: for a broker, the issuer of its tokens. */
  issuer: v.pipe(v.string(), v.regex(/^https:\/\/[^/]+$/)),
  /** Relay. */
  jwksUri: v.optional(v.pipe(v.string(), v.startsWith('https://'))),
  userPoolId: v.optional(v.string()),
  clientId: v.optional(v.string()),
  wantsBasic: Flag,
  wantsClientSecret: Flag,
  rotation: v.string(),
})
type Input = v.InferOutput<typeof Input>

/** A function's environment has 4 KB, and a custom resource's answer as well. */
const MAX_JWKS_BYTES = 3 * 1024
const MAX_ATTEMPTS = 3
/** A deployment calls as soon as the role's policy is written, which takes seconds to have effect. */
const WAITS_FOR_ACCESS_MS = [2_000, 4_000, 8_000]

/** Makes the secret if absent, rotates it, and returns what functions need of it. */
export function createKeys(runtime: KeysRuntime): (input: unknown) => Promise<KeysOutput> {
  const { secretArn } = readEnvironment(runtime.variables, ['secretArn'])
  const call = withPatience(createAwsCall(runtime), runtime.wait ?? setTimeout)

  async function update(input: Input): Promise<StoredSecret> {
    for (let attempt = 1; ; attempt += 1) {
      const stored = await readSecret(call, secretArn)
      const now = Math.floor(runtime.now() / 1000)
      const value = {
        ...rotate(stored?.value, { ...input, now, random: runtime.random }),
        ...(await readClientSecret(call, input)),
      }
      if (stored !== undefined && JSON.stringify(stored.value) === JSON.stringify(value))
        return stored
      try {
        // One token for what grows out of one version: of two calls at once, one must read again.
        const token = hash('sha256', JSON.stringify([stored?.version ?? null, input]), 'hex')
        return { value, version: await writeSecret(call, secretArn, value, token) }
      } catch (error) {
        const lost = error instanceof AwsError && error.code === 'ResourceExistsException'
        if (!lost || attempt === MAX_ATTEMPTS) throw error
      }
    }
  }

  return async (unchecked) => {
    const parsed = v.safeParse(Input, unchecked)
    if (!parsed.success) throw new KeysRefusal(`wrong input: ${namesOf(parsed.issues)}`)
    const input = parsed.output
    const { value, version } = await update(input)
    const keys =
      input.mode === 'broker'
        ? await derivePublicKeys(value.entries, input.issuer, runtime.now())
        : await fetchPublicKeys(demand(input, 'jwksUri'), runtime.fetch)
    const jwks = JSON.stringify(keys)
    if (Buffer.byteLength(jwks) > MAX_JWKS_BYTES)
      throw new KeysRefusal(`the public keys take more than ${MAX_JWKS_BYTES} bytes`)
    return { jwks, originSecretSha256: hashesOf(value), secretVersion: version }
  }
}

function withPatience(call: AwsCall, wait: (milliseconds: number) => Promise<void>): AwsCall {
  return async (action, input) => {
    for (const milliseconds of WAITS_FOR_ACCESS_MS)
      try {
        return await call(action, input)
      } catch (error) {
        if (!(error instanceof AwsError && error.code === 'AccessDeniedException')) throw error
        await wait(milliseconds)
      }
    return call(action, input)
  }
}

/** Text of an error that may be shown to whoever deploys. */
export function explain(error: unknown): string | undefined {
  const known =
    error instanceof KeysRefusal || error instanceof KeysUnavailable || error instanceof AwsError
  return known ? error.message : undefined
}

const Described = v.object({ UserPoolClient: v.object({ ClientSecret: v.optional(v.string()) }) })

async function readClientSecret(
  call: AwsCall,
  input: Input,
): Promise<Pick<SecretValue, 'basic' | 'clientSecret'>> {
  const [wantsBasic, wantsSecret] = [
    input.wantsBasic === 'true',
    input.wantsClientSecret === 'true',
  ]
  if (!wantsBasic && !wantsSecret) return { basic: undefined, clientSecret: undefined }
  const clientId = demand(input, 'clientId')
  const described = await call('DescribeUserPoolClient', {
    UserPoolId: demand(input, 'userPoolId'),
    ClientId: clientId,
  })
  const secret = v.parse(Described, described).UserPoolClient.ClientSecret
  if (secret === undefined) throw new KeysRefusal('the user pool client has no secret')
  const basic = Buffer.from(`${clientId}:${secret}`).toString('base64')
  return {
    basic: wantsBasic ? basic : undefined,
    clientSecret: wantsSecret ? secret : undefined,
  }
}

function demand(input: Input, name: 'jwksUri' | 'userPoolId' | 'clientId'): string {
  const value = input[name]
  if (value === undefined) throw new KeysRefusal(`wrong input: ${name} is missing`)
  return value
}

function hashesOf({ originSecret, previousOriginSecret }: SecretValue): string {
  return [originSecret, previousOriginSecret]
    .filter((secret) => secret !== undefined)
    .map((secret) => hash('sha256', secret, 'base64url'))
    .join(',')
}

function namesOf(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues.map((issue) => v.getDotPath(issue) ?? 'not an object').join(', ')
}
