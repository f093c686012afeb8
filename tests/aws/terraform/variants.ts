import type { Variant } from '../variants.ts'
import { INPUT } from '../variants.ts'

type Variables = Readonly<Record<string, unknown>>

const OWN: Readonly<Record<Variant, Variables>> = {
  'relay-public': { mode: 'relay' },
  'relay-edge-secret': { mode: 'relay', client_authentication: 'edge' },
  'relay-token-function': { mode: 'relay', token_path: 'function', resource_parameter: 'strip' },
  'relay-both': { mode: 'relay', defence: 'both' },
  'relay-shared-secret': { mode: 'relay', dangerously_share_client_secret: true },
  'relay-existing': {
    mode: 'relay',
    existing_function_arn: INPUT.existingFunctionArn,
    access: 'anyoneTheIdpAdmits',
  },
  broker: { mode: 'broker' },
  'broker-existing': { mode: 'broker', existing_function_arn: INPUT.existingFunctionArn },
}

/** The same inputs as `createVariant` of CDK has. */
export function variablesOf(variant: Variant): Variables {
  const own = OWN[variant]
  return {
    name: INPUT.name,
    branding: INPUT.branding,
    domain_name: INPUT.domainName,
    certificate_arn: INPUT.certificateArn,
    cognito_domain_prefix: INPUT.cognitoDomainPrefix,
    access: INPUT.access,
    postern_zip: 'build/postern.zip',
    ...('existing_function_arn' in own ? {} : { server_zip: 'build/server.zip' }),
    ...own,
  }
}
