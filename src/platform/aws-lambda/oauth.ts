import { AsyncLocalStorage } from 'node:async_hooks'
import { createAuthorizationServer } from '../../authorization-server.ts'
import type { PosternOptions } from '../../config/options.ts'
import { oauthErrorResponse } from '../../http/responses.ts'
import { createDocumentFetcher } from '../fetch-document.ts'
import { pick, readEnvironment, type Environment, type Variables } from './environment.ts'
import { createHttpHandler, type HttpHandler } from './http-handler.ts'
import { lambdaRuntime, type LambdaRuntime } from './lambda-runtime.ts'
import { createSecretSource } from './secret-source.ts'
import { inOrderOfUse, type SecretEntry, type SecretValue } from './secret.ts'

type Server = ReturnType<typeof createAuthorizationServer>

/**
 * The authorization server of broker mode.
 * @throws ConfigError listing every problem of the environment.
 */
export function createOauthHandler(own: Partial<LambdaRuntime> = {}): HttpHandler {
  const runtime = lambdaRuntime({ fetchDocument: createDocumentFetcher(), ...own })
  const { secretArn, originSecretHashes, options } = oauthOptions(runtime.variables)
  const source = createSecretSource(secretArn, runtime)
  /** Of each request by itself: another's unknown key must not make it run twice. */
  const seals = new AsyncLocalStorage<{ unknownKey: boolean }>()
  let built: { value: SecretValue; entry: SecretEntry; server: Server } | undefined

  /** Built again when the secret is another one, or another entry of it has become active. */
  function serverOf(value: SecretValue): Server {
    const [entry, ...others] = inOrderOfUse(value.entries, runtime.now())
    if (entry === undefined) throw new Error('the secret has no active entry')
    if (built?.value === value && built.entry === entry) return built.server
    const emit: LambdaRuntime['emit'] = (event) => {
      const request = seals.getStore()
      if (event.type === 'seal.key-unknown' && request !== undefined) request.unknownKey = true
      runtime.emit(event)
    }
    const { clientSecret } = value
    const server = createAuthorizationServer(
      {
        ...options,
        identityProvider: {
          ...options.identityProvider,
          ...(clientSecret === undefined ? {} : { clientSecret }),
        },
        secrets: [entry, ...others].map(({ secret }) => secret),
        retiredSecrets: value.retired,
      },
      { ...runtime, emit },
    )
    built = { value, entry, server }
    return server
  }

  async function answer(request: Request): Promise<Response> {
    let value: SecretValue
    try {
      value = await source.current()
    } catch {
      return unavailable()
    }
    const repeat = request.clone()
    const seen = { unknownKey: false }
    const response = await seals.run(seen, () => serverOf(value).fetch(request))
    // The seal may be of an entry that another process has read already. Where it could not be
    // opened nothing has happened yet, so the request may run once more.
    if (!seen.unknownKey || !(await source.rereadForUnknownKey())) return response
    return serverOf(await source.current()).fetch(repeat)
  }

  return createHttpHandler(answer, originSecretHashes, runtime)
}

function oauthOptions(variables: Variables): {
  secretArn: string
  originSecretHashes: readonly string[]
  options: Omit<PosternOptions, 'secrets'>
} {
  const environment = readEnvironment(variables, [
    'mcpUrl',
    'scopes',
    'access',
    'idpIssuer',
    'idpClientId',
    'secretArn',
    'originSecretHashes',
    'publicHost',
  ])
  const { mcpUrl, idpIssuer, idpClientId, idpScopes } = environment
  return {
    secretArn: environment.secretArn,
    originSecretHashes: environment.originSecretHashes,
    options: {
      resources: [
        {
          url: mcpUrl,
          // By the API's routes, past this function.
          upstream: mcpUrl,
          ...pick(environment, ['name', 'scopes', 'requiredScopes']),
        },
      ],
      identityProvider: {
        issuer: idpIssuer,
        clientId: idpClientId,
        // A pool of the template rotates; of one that was brought, synth demands it.
        refreshTokens: 'rotating',
        ...(idpScopes === undefined ? {} : { scopes: idpScopes }),
      },
      access: environment.access,
      clients: clientOptions(environment),
      ...pick(environment, ['forwardGroups', 'allowedOrigins', 'branding']),
    },
  }
}

function clientOptions({
  redirectUris,
  clientDomains: allowedDomains,
}: Partial<Environment>): NonNullable<PosternOptions['clients']> {
  return {
    ...(redirectUris === undefined ? {} : { redirectUris }),
    ...(allowedDomains === undefined
      ? {}
      : { metadataDocuments: allowedDomains.length === 0 ? false : { allowedDomains } }),
  }
}

function unavailable(): Response {
  return oauthErrorResponse({
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The keys of this server cannot be had at the moment',
    retryAfterSeconds: 5,
  })
}
