import { CfnResource } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Gives a resource its name in the topology model (`Metadata` of the template). */
export function named<T extends IConstruct>(name: string, construct: T): T {
  const resource = construct instanceof CfnResource ? construct : construct.node.defaultChild
  if (!(resource instanceof CfnResource)) throw new TypeError(`${construct.node.path} has no name`)
  resource.addMetadata('postern:name', name)
  return construct
}

/** The construct's id for a name, from which CloudFormation's logical id is made. */
export function idOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
