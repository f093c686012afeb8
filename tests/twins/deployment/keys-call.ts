import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { Keys } from '../../../src/aws/topology.ts'
import { headerValue, pathOf, respond, type Host } from '../http.ts'
import type { Lambda } from '../lambda/lambda.ts'
import { DeploymentError } from './deployment-error.ts'
import { ACCOUNT, REGION } from './identifiers.ts'

/** Who calls the function at deploy time: a custom resource, or `aws_lambda_invocation`. */
export type Deployer = 'cloudformation' | 'terraform'

export type KeysOutput = Readonly<Record<string, string>>

/** A call that was made: what its update is compared with. */
export interface KeysCall {
  input: Keys['input']
  output: KeysOutput
  physicalResourceId: string
}

export const RESPONSE_HOST: string = `cloudformation-custom-resource-response-euc1.s3.${REGION}.amazonaws.com`

const STACK = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/postern/${randomUUID()}`

const Output = v.record(v.string(), v.string())

/** CloudFormation guide, Custom resource response objects. */
const Response = v.object({
  Status: v.picklist(['SUCCESS', 'FAILED']),
  Reason: v.optional(v.string()),
  PhysicalResourceId: v.pipe(v.string(), v.minLength(1), v.maxBytes(1024)),
  StackId: v.string(),
  RequestId: v.string(),
  LogicalResourceId: v.string(),
  Data: v.optional(Output, {}),
})
type Response = v.InferOutput<typeof Response>

/** Same page: the whole response is at most 4096 bytes. */
const RESPONSE_BYTES = 4096

/** The bucket that custom resources answer to, and those who wait for their answers. */
export class CustomResources {
  readonly #answers = new Map<string, unknown>()

  readonly host: Host = ({ method, target, headers, body }) => {
    const key = pathOf(target)
    // The URL is signed for a PUT, once, without a media type (guide, cfn-response module).
    const isSigned = method === 'PUT' && this.#answers.get(key) === null
    const mediaType = headerValue(headers, 'content-type') ?? ''
    if (!isSigned || mediaType !== '') return Promise.resolve(respond(403, [], SIGNATURE_MISMATCH))
    this.#answers.set(key, Buffer.from(body).toString('utf8'))
    return Promise.resolve(respond(200, []))
  }

  /** The first time a `Create`, then an `Update` where the properties have changed. */
  async call(keys: Keys, lambda: Lambda, previous: KeysCall | undefined): Promise<KeysCall> {
    const serviceToken = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${keys.function}`
    const path = `/${randomUUID()}`
    this.#answers.set(path, null)
    const request = {
      RequestType: previous === undefined ? 'Create' : 'Update',
      ServiceToken: serviceToken,
      ResponseURL: `https://${RESPONSE_HOST}${path}?X-Amz-Algorithm=AWS4-HMAC-SHA256`,
      StackId: STACK,
      RequestId: randomUUID(),
      LogicalResourceId: keys.name,
      ResourceType: 'Custom::PosternKeys',
      ResourceProperties: { ServiceToken: serviceToken, ...keys.input },
      ...(previous === undefined
        ? {}
        : {
            PhysicalResourceId: previous.physicalResourceId,
            OldResourceProperties: { ServiceToken: serviceToken, ...previous.input },
          }),
    }
    await lambda.invoke(request)
    const response = readResponse(this.#answers.get(path), keys.name)
    this.#answers.delete(path)
    for (const name of ['StackId', 'RequestId', 'LogicalResourceId'] as const)
      if (response[name] !== request[name])
        throw new DeploymentError([`keys.${keys.name}: the response is for another ${name}`])
    if (response.Status === 'FAILED')
      throw new DeploymentError([`keys.${keys.name}: ${response.Reason ?? 'no reason given'}`])
    return {
      input: keys.input,
      output: response.Data,
      physicalResourceId: response.PhysicalResourceId,
    }
  }
}

const SIGNATURE_MISMATCH = '<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code></Error>'

function readResponse(text: unknown, name: string): Response {
  if (typeof text !== 'string')
    throw new DeploymentError([`keys.${name}: no response, the stack would wait for an hour`])
  if (Buffer.byteLength(text) > RESPONSE_BYTES)
    throw new DeploymentError([`keys.${name}: the response is over ${RESPONSE_BYTES} bytes`])
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Response), text)
  if (!parsed.success) throw new DeploymentError([`keys.${name}: the response is malformed`])
  return parsed.output
}

/** Terraform registry, aws_lambda_invocation: the input as it is, the result as it comes. */
export async function invokeForTerraform(keys: Keys, lambda: Lambda): Promise<KeysCall> {
  const result = await lambda.invoke(keys.input)
  const parsed = v.safeParse(Output, result)
  if (!parsed.success)
    throw new DeploymentError([`keys.${keys.name}: the result is no map of texts`])
  return { input: keys.input, output: parsed.output, physicalResourceId: keys.name }
}
