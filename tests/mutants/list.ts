import { authorizationServerMutants } from './authorization-server.ts'
import { awsMutants } from './aws.ts'
import { gateMutants } from './gate.ts'
import { lambdaMutants } from './lambda.ts'
import type { Mutant } from './mutant.ts'
import { platformMutants } from './platform.ts'
import { protocolMutants } from './protocol.ts'
import { relayMutants } from './relay.ts'

export const MUTANTS: Mutant[] = [
  ...protocolMutants,
  ...authorizationServerMutants,
  ...gateMutants,
  ...platformMutants,
  ...lambdaMutants,
  ...relayMutants,
  ...awsMutants,
]
