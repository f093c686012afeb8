import { loadCloudFormation } from '../../../src/aws/load-cloudformation.ts'
import type { Topology } from '../../../src/aws/topology.ts'
import { terraformTopology } from '../../aws/terraform/states.ts'
import { synthesize, type Variant } from '../../aws/variants.ts'

/** Which of the two said what is deployed. */
export type Source = 'cdk' | 'terraform'

/** What would be deployed, read from the very template or state. */
export function topologyOf(source: Source, variant: Variant): Topology {
  return source === 'cdk' ? loadCloudFormation(synthesize(variant)) : terraformTopology(variant)
}
