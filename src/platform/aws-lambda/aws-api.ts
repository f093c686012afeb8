import { AwsV4Signer } from 'aws4fetch'
import * as v from 'valibot'

/** An AWS service refused, or did not answer. The message names service, action and code only. */
export class AwsError extends Error {
  /** `ResourceNotFoundException` …; undefined where there was no answer. */
  readonly code: string | undefined

  constructor(action: string, code: string | undefined, options?: ErrorOptions) {
    super(`${action} failed: ${code ?? 'no answer'}`, options)
    this.code = code
  }
}

export interface AwsRuntime {
  fetch: typeof globalThis.fetch
  /** Where Lambda puts region and the role's credentials. */
  variables: Readonly<Record<string, string | undefined>>
}

export type AwsCall = (action: AwsAction, input: object) => Promise<unknown>

const ACTIONS = {
  GetSecretValue: ['secretsmanager', 'secretsmanager'],
  PutSecretValue: ['secretsmanager', 'secretsmanager'],
  DescribeUserPoolClient: ['cognito-idp', 'AWSCognitoIdentityProviderService'],
} as const
export type AwsAction = keyof typeof ACTIONS

const TIMEOUT_MS = 4_000
const Refusal = v.object({ __type: v.string() })

/** Calls AWS by a signed `fetch`: the SDK would be five times the rest of the function. */
export function createAwsCall({ fetch, variables }: AwsRuntime): AwsCall {
  return async (action, input) => {
    const [service, target] = ACTIONS[action]
    const region = variables['AWS_REGION'] ?? ''
    const signer = new AwsV4Signer({
      accessKeyId: variables['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: variables['AWS_SECRET_ACCESS_KEY'] ?? '',
      sessionToken: variables['AWS_SESSION_TOKEN'] ?? '',
      service,
      region,
      url: `https://${service}.${region}.amazonaws.com/`,
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `${target}.${action}`,
      },
      body: JSON.stringify(input),
    })
    const { url, ...request } = await signer.sign()
    let response: Response
    let answer: string
    try {
      response = await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) })
      answer = await response.text()
    } catch (cause) {
      throw new AwsError(action, undefined, { cause })
    }
    if (response.ok) return parseJson(answer)
    const refusal = v.safeParse(Refusal, parseJson(answer))
    const code = refusal.success ? refusal.output.__type.split('#').at(-1) : undefined
    throw new AwsError(action, code ?? `status ${response.status}`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
