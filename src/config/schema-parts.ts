import * as v from 'valibot'
import { BrandingSchema } from './branding.ts'

// Apart from the rest, so that a gate by itself does not carry the schema of a whole Postern.

export const Text: v.GenericSchema<string> = v.pipe(v.string(), v.nonEmpty())
export const Texts: v.GenericSchema<string[]> = v.array(Text)
export const Seconds: v.GenericSchema<number> = v.pipe(v.number(), v.integer(), v.minValue(1))
const Epoch = v.pipe(v.number(), v.integer(), v.minValue(0))

export const Record = <T extends v.GenericSchema>(
  value: T,
): v.RecordSchema<v.StringSchema<undefined>, T, undefined> => v.record(v.string(), value)

const AccessRule = v.strictObject({
  subjects: v.optional(Texts),
  groups: v.optional(Texts),
  emailDomains: v.optional(Texts),
  claims: v.optional(Record(Texts)),
  scopes: v.optional(Texts),
})

export const AccessSchema: v.GenericSchema = v.union([
  v.literal('anyoneTheIdpAdmits'),
  v.pipe(v.array(AccessRule), v.minLength(1)),
])

export const JwksSchema: v.GenericSchema = v.object({
  keys: v.pipe(v.array(v.looseObject({ kty: v.string() })), v.minLength(1)),
})

/** Options of every gate, whoever issues the tokens. */
export const GATE_ENTRIES: {
  revokeBefore: v.GenericSchema
  allowedOrigins: v.GenericSchema
  allowedHosts: v.GenericSchema
  maxBodyBytes: v.GenericSchema
  branding: v.GenericSchema
} = {
  revokeBefore: v.optional(
    v.strictObject({
      all: v.optional(Epoch),
      subjects: v.optional(Record(Epoch)),
      clients: v.optional(Record(Epoch)),
    }),
  ),
  allowedOrigins: v.optional(Texts),
  allowedHosts: v.optional(Texts),
  maxBodyBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1024))),
  branding: v.optional(BrandingSchema),
}
