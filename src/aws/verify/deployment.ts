import * as v from 'valibot'
import { base64url } from '../../protocol/base64url.ts'
import { PATHS } from '../../protocol/metadata.ts'
import { fail, ok, type Result } from '../../protocol/result.ts'
import { callbackUrls } from '../callback-urls.ts'
import {
  walkToIdentityProvider,
  type AuthorizationLeg,
  type Stranger,
} from './authorization-leg.ts'
import { shown } from './finding.ts'
import type { Answer, Ask, Asked, Ports } from './outside.ts'

/** The registration that every check shares. */
export interface Registration {
  clientId: string
  hasSecret: boolean
}

/**
 * A deployment as a stranger sees it. What several checks need is asked once, at the first need.
 */
export interface Deployment extends Stranger {
  resolveAaaa: Ports['resolveAaaa']
  /** Every answer so far. */
  seen: () => readonly Answer[]
  metadata: () => Promise<Asked>
  registration: () => Promise<Result<Registration, string>>
  /** Where a person would be sent to sign in. Nobody signs in. */
  leg: () => Promise<Result<AuthorizationLeg, string>>
  /** Undefined where neither the way to the identity provider nor the metadata says. */
  mode: () => Promise<'relay' | 'broker' | undefined>
}

const RegistrationSchema = v.object({
  client_id: v.pipe(v.string(), v.minLength(1), v.maxLength(2048)),
  client_secret: v.optional(v.unknown()),
})

export function createDeployment(
  mcpUrl: string,
  ask: Ask,
  ports: Pick<Ports, 'resolveAaaa' | 'random'>,
): Deployment {
  const { origin } = new URL(mcpUrl)
  const [redirectUri = ''] = callbackUrls({ url: mcpUrl }).filter((url) => url.startsWith('http:'))
  const answers: Answer[] = []
  const deployment: Deployment = {
    mcpUrl,
    origin,
    redirectUri,
    ask: async (url, init) => {
      const asked = await ask(url, init)
      if (asked.ok) answers.push(asked.value)
      return asked
    },
    seen: () => answers,
    resolveAaaa: ports.resolveAaaa,
    randomText: () => base64url(ports.random(32)),
    metadata: once(() => deployment.ask(origin + PATHS.authorizationServerMetadata)),
    registration: once(() => register(deployment)),
    leg: once(async () => {
      const registered = await deployment.registration()
      return registered.ok
        ? walkToIdentityProvider(deployment, registered.value.clientId)
        : fail(registered.failure)
    }),
    mode: once(async () => {
      const leg = await deployment.leg()
      if (leg.ok)
        return leg.value.redirectUri === origin + PATHS.callback ? ('broker' as const) : 'relay'
      const metadata = await deployment.metadata()
      // Relay never advertises `iss`: its identity provider sends none.
      return metadata.ok &&
        v.is(
          v.object({ authorization_response_iss_parameter_supported: v.literal(true) }),
          metadata.value.json,
        )
        ? 'broker'
        : undefined
    }),
  }
  return deployment
}

async function register(deployment: Deployment): Promise<Result<Registration, string>> {
  const asked = await deployment.ask(deployment.origin + PATHS.register, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      client_name: 'postern aws verify',
      redirect_uris: [deployment.redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }),
  })
  if (!asked.ok) return asked
  const { status, json, text } = asked.value
  const parsed = v.safeParse(RegistrationSchema, json)
  if (status !== 201 || !parsed.success)
    return fail(`registration was answered with ${status}: ${shown(text)}`)
  const { client_id: clientId, client_secret: secret } = parsed.output
  return ok({ clientId, hasSecret: secret !== undefined })
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
