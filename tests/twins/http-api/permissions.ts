import { ofKind, type Topology } from '../../../src/aws/topology.ts'

/** Whether the function's resource policy lets API Gateway invoke it for this source. */
export function mayInvoke(topology: Topology, functionName: string, sourceArn: string): boolean {
  return ofKind(topology, 'permission').some(
    (permission) =>
      nameOfFunction(permission.function) === functionName &&
      ['lambda:InvokeFunction', 'lambda:*'].includes(permission.action) &&
      ['apigateway.amazonaws.com', '*'].includes(permission.principal) &&
      (permission.sourceArn === null || isArnLike(sourceArn, permission.sourceArn)),
  )
}

/** A function is named by the model's name or, where it was brought, by its ARN. */
export function nameOfFunction(nameOrArn: string): string {
  const [, , , , , , name] = nameOrArn.split(':')
  return nameOrArn.startsWith('arn:') ? (name ?? nameOrArn) : nameOrArn
}

/** IAM guide, Condition operators, ArnLike: each of the six parts on its own; `*` and `?`. */
function isArnLike(arn: string, pattern: string): boolean {
  const partsOf = (text: string) => {
    const parts = text.split(':')
    return [...parts.slice(0, 5), parts.slice(5).join(':')]
  }
  const values = partsOf(arn)
  return partsOf(pattern).every((part, index) => {
    const source = part
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${source}$`).test(values[index] ?? '')
  })
}
