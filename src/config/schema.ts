import * as v from 'valibot'

const Text = v.pipe(v.string(), v.nonEmpty())
const Seconds = v.pipe(v.number(), v.integer(), v.minValue(1))
const Epoch = v.pipe(v.number(), v.integer(), v.minValue(0))
const Record = <T extends v.GenericSchema>(
  value: T,
): v.RecordSchema<v.StringSchema<undefined>, T, undefined> => v.record(v.string(), value)

const AccessRule = v.strictObject({
  subjects: v.optional(v.array(Text)),
  groups: v.optional(v.array(Text)),
  emailDomains: v.optional(v.array(Text)),
  claims: v.optional(Record(v.array(Text))),
  scopes: v.optional(v.array(Text)),
})

const Resource = v.strictObject({
  url: Text,
  upstream: v.union([Text, v.function()]),
  name: v.optional(Text),
  scopes: v.optional(v.array(Text)),
  requiredScopes: v.optional(v.array(Text)),
})

const IdentityProvider = v.strictObject({
  issuer: Text,
  clientId: Text,
  clientSecret: v.optional(Text),
  preset: v.optional(v.picklist(['cognito', 'generic'])),
  tokenEndpointAuthMethod: v.optional(v.picklist(['client_secret_basic', 'client_secret_post'])),
  scopes: v.optional(v.array(Text)),
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
  redirectUris: v.pipe(v.array(Text), v.minLength(1)),
})

/** The form of the options. What valid values mean together is checked in `resolve.ts`. */
export const OptionsSchema: v.GenericSchema = v.strictObject({
  resources: v.pipe(v.array(Resource), v.minLength(1)),
  identityProvider: IdentityProvider,
  access: v.union([v.literal('anyoneTheIdpAdmits'), v.pipe(v.array(AccessRule), v.minLength(1))]),
  secrets: v.pipe(v.array(v.string()), v.minLength(1)),
  retiredSecrets: v.optional(v.array(v.string())),
  signingKeys: v.optional(v.array(v.looseObject({ kty: v.string() }))),
  clients: v.optional(
    v.strictObject({
      redirectUris: v.optional(v.array(Text)),
      static: v.optional(v.array(StaticClient)),
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
  revokeBefore: v.optional(
    v.strictObject({
      all: v.optional(Epoch),
      subjects: v.optional(Record(Epoch)),
      clients: v.optional(Record(Epoch)),
    }),
  ),
  forwardGroups: v.optional(v.array(Text)),
  allowedOrigins: v.optional(v.array(Text)),
  allowedHosts: v.optional(v.array(Text)),
  maxBodyBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1024))),
  environment: v.optional(v.picklist(['production', 'development'])),
  dangerouslyAllowUnrotatedRefreshTokens: v.optional(v.boolean()),
})
