import * as v from 'valibot'
import { AccessSchema, GATE_ENTRIES, Record, Seconds, Text, Texts } from './schema-parts.ts'

const Resource = v.strictObject({
  url: Text,
  upstream: v.union([Text, v.function()]),
  name: v.optional(Text),
  scopes: v.optional(Texts),
  requiredScopes: v.optional(Texts),
})

const IdentityProvider = v.strictObject({
  issuer: Text,
  clientId: Text,
  clientSecret: v.optional(Text),
  preset: v.optional(v.picklist(['cognito', 'generic'])),
  tokenEndpointAuthMethod: v.optional(v.picklist(['client_secret_basic', 'client_secret_post'])),
  scopes: v.optional(Texts),
  authorizationParameters: v.optional(Record(Text)),
  groupsClaim: v.optional(Text),
  refreshTokens: v.optional(v.picklist(['rotating', 'unrotated', 'unknown'])),
  timeoutSeconds: v.optional(Seconds),
  requestsPerSecond: v.optional(v.pipe(v.number(), v.minValue(1))),
})

const StaticClient = v.strictObject({
  clientId: Text,
  secret: v.optional(v.pipe(v.string(), v.minLength(32))),
  name: v.optional(Text),
  redirectUris: v.pipe(Texts, v.minLength(1)),
})

const MetadataDocuments = v.strictObject({
  allowedDomains: v.optional(v.pipe(Texts, v.minLength(1))),
})

/** The form of the options. What valid values mean together is checked in `resolve.ts`. */
export const OptionsSchema: v.GenericSchema = v.strictObject({
  resources: v.pipe(v.array(Resource), v.minLength(1)),
  identityProvider: IdentityProvider,
  access: AccessSchema,
  secrets: v.pipe(v.array(v.string()), v.minLength(1)),
  retiredSecrets: v.optional(v.array(v.string())),
  signingKeys: v.optional(v.array(v.looseObject({ kty: v.string() }))),
  clients: v.optional(
    v.strictObject({
      redirectUris: v.optional(Texts),
      static: v.optional(v.array(StaticClient)),
      metadataDocuments: v.optional(v.union([v.literal(false), MetadataDocuments])),
    }),
  ),
  lifetimes: v.optional(
    v.strictObject({
      accessTokenSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(300))),
      refreshTokenIdleSeconds: v.optional(Seconds),
      refreshTokenAbsoluteSeconds: v.optional(Seconds),
      sessionSecondsWithoutRefresh: v.optional(Seconds),
    }),
  ),
  forwardGroups: v.optional(Texts),
  ...GATE_ENTRIES,
  environment: v.optional(v.picklist(['production', 'development'])),
  dangerouslyAllowUnrotatedRefreshTokens: v.optional(v.boolean()),
})
