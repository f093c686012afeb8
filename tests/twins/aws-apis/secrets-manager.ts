import * as v from 'valibot'
import type { Host } from '../http.ts'
import { createJsonApi, type Action, type JsonApiOptions } from './json-api.ts'
import { ServiceError } from './service-error.ts'

interface Version {
  id: string
  text: string
  stages: string[]
  created: number
}

interface StoredSecret {
  arn: string
  name: string
  versions: Version[]
}

/** An imitation of AWS Secrets Manager, as far as a secret without rotation function goes. */
export interface SecretsManager {
  host: Host
  /** A secret without a value, as CloudFormation makes it without `GenerateSecretString`. */
  create(arn: string, name: string): void
  has(arn: string): boolean
  /** The current value, as its owner would see it in the console. */
  current(arn: string): string | undefined
  readonly counters: ReadonlyMap<string, number>
}

const Read = v.object({
  SecretId: v.string(),
  VersionId: v.optional(v.string()),
  VersionStage: v.optional(v.string()),
})
const Write = v.object({
  SecretId: v.string(),
  SecretString: v.pipe(v.string(), v.minLength(1), v.maxBytes(65_536)),
  // PutSecretValue: whoever writes raw HTTP requests must send one; 32 to 64 characters.
  ClientRequestToken: v.pipe(v.string(), v.minLength(32), v.maxLength(64)),
})

export function createSecretsManager(
  options: Omit<JsonApiOptions, 'service' | 'target' | 'actions' | 'counters'>,
): SecretsManager {
  const secrets = new Map<string, StoredSecret>()
  const counters = new Map<string, number>()
  const find = (id: string): StoredSecret => {
    const found = secrets.get(id) ?? [...secrets.values()].find(({ name }) => name === id)
    if (found === undefined) throw notFound("Secrets Manager can't find the specified secret.")
    return found
  }

  /** API reference, GetSecretValue. */
  const getSecretValue: Action = (input, may) => {
    const { SecretId, VersionId, VersionStage } = parse(Read, input)
    const { arn, name, versions } = find(SecretId)
    may(arn)
    const stage = VersionStage ?? (VersionId === undefined ? 'AWSCURRENT' : undefined)
    const version = versions.find(
      ({ id, stages }) =>
        (VersionId === undefined || id === VersionId) &&
        (stage === undefined || stages.includes(stage)),
    )
    if (version === undefined)
      throw notFound(
        `Secrets Manager can't find the specified secret value for staging label: ${stage}`,
      )
    return {
      ARN: arn,
      Name: name,
      CreatedDate: version.created / 1000,
      SecretString: version.text,
      VersionId: version.id,
      VersionStages: version.stages,
    }
  }

  /** API reference, PutSecretValue: AWSCURRENT moves here, AWSPREVIOUS to where it was. */
  const putSecretValue: Action = (input, may) => {
    const { SecretId, SecretString, ClientRequestToken } = parse(Write, input)
    const secret = find(SecretId)
    may(secret.arn)
    const { arn, name, versions } = secret
    const repeated = versions.find(({ id }) => id === ClientRequestToken)
    if (repeated !== undefined && repeated.text !== SecretString)
      throw new ServiceError(
        400,
        'ResourceExistsException',
        'You tried to modify an existing version of a secret.',
      )
    if (repeated === undefined) {
      for (const version of versions)
        version.stages = version.stages.includes('AWSCURRENT') ? ['AWSPREVIOUS'] : []
      versions.push({
        id: ClientRequestToken,
        text: SecretString,
        stages: ['AWSCURRENT'],
        created: options.now(),
      })
    }
    const stages = (repeated ?? versions.at(-1))?.stages
    return { ARN: arn, Name: name, VersionId: ClientRequestToken, VersionStages: stages }
  }

  /** API reference, DescribeSecret. Versions without a label are deprecated and not listed. */
  const describeSecret: Action = (input, may) => {
    const { arn, name, versions } = find(parse(Read, input).SecretId)
    may(arn)
    const listed = versions.filter(({ stages }) => stages.length > 0)
    return {
      ARN: arn,
      Name: name,
      VersionIdsToStages: Object.fromEntries(listed.map(({ id, stages }) => [id, stages])),
    }
  }

  return {
    host: createJsonApi({
      ...options,
      service: 'secretsmanager',
      target: 'secretsmanager',
      counters,
      actions: {
        GetSecretValue: getSecretValue,
        PutSecretValue: putSecretValue,
        DescribeSecret: describeSecret,
      },
    }),
    create: (arn, name) => void secrets.set(arn, { arn, name, versions: [] }),
    has: (arn) => secrets.has(arn),
    current: (arn) =>
      secrets.get(arn)?.versions.find(({ stages }) => stages.includes('AWSCURRENT'))?.text,
    counters,
  }
}

function parse<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  const path = v.getDotPath(parsed.issues[0]) ?? 'input'
  throw new ServiceError(400, 'InvalidParameterException', `${path} is missing or malformed`)
}

function notFound(message: string): ServiceError {
  return new ServiceError(400, 'ResourceNotFoundException', message)
}
