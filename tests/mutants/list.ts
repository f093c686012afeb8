import { authorizationServerMutants } from './authorization-server.ts'
import { awsMutants } from './aws.ts'
import { cdkMutants } from './cdk.ts'
import { clientMutants } from './clients.ts'
import { awsVerifyMutants } from './aws-verify.ts'
import { connectMutants } from './connect.ts'
import { doctorMutants } from './doctor.ts'
import { flowMutants } from './flow.ts'
import { gateMutants } from './gate.ts'
import { lambdaMutants } from './lambda.ts'
import type { Mutant } from './mutant.ts'
import { pagesMutants } from './pages.ts'
import { platformMutants } from './platform.ts'
import { protocolMutants } from './protocol.ts'
import { relayMutants } from './relay.ts'

export const MUTANTS: Mutant[] = [
  ...protocolMutants,
  ...authorizationServerMutants,
  ...clientMutants,
  ...gateMutants,
  ...platformMutants,
  ...lambdaMutants,
  ...relayMutants,
  ...pagesMutants,
  ...awsMutants,
  ...awsVerifyMutants,
  ...cdkMutants,
  ...connectMutants,
  ...doctorMutants,
  ...flowMutants,
]
