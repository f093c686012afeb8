import { authorization } from './checks/authorization.ts'
import { challenge } from './checks/challenge.ts'
import { clock } from './checks/clock.ts'
import { cors } from './checks/cors.ts'
import { identityProvider } from './checks/identity-provider.ts'
import { issuerParameter } from './checks/issuer-parameter.ts'
import { local } from './checks/local.ts'
import { metadataDocument } from './checks/metadata-document.ts'
import { reach } from './checks/reach.ts'
import { registration } from './checks/registration.ts'
import { replay } from './checks/replay.ts'
import { resourceMetadata } from './checks/resource-metadata.ts'
import { scopes } from './checks/scopes.ts'
import { serverMetadataFields } from './checks/server-metadata-fields.ts'
import { serverMetadata } from './checks/server-metadata.ts'
import { specialAddress } from './checks/special-address.ts'
import { unknownClient } from './checks/unknown-client.ts'
import type { Family } from './checks/rules.ts'
import { signInRules } from './checks/sign-in.ts'
import { tokenRules } from './checks/tokens.ts'
import type { Rule } from './finding.ts'

/** In the order of clients. */
export const FAMILIES: readonly Family[] = [
  reach,
  specialAddress,
  challenge,
  resourceMetadata,
  serverMetadata,
  serverMetadataFields,
  scopes,
  registration,
  authorization,
  issuerParameter,
  metadataDocument,
  unknownClient,
  cors,
  clock,
  replay,
  local,
  identityProvider,
]

/** Every code that doctor knows. */
export const CATALOGUE: ReadonlyMap<string, Rule> = new Map(
  [...FAMILIES.map(({ rules }) => rules), signInRules, tokenRules].flatMap(Object.entries<Rule>),
)
