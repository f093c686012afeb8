import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Code, Function as LambdaFunction, IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import {
  accessEnvironment,
  doorEnvironment,
  gateEnvironment,
  identityProviderEnvironment,
  pagesEnvironment,
  relayEnvironment,
} from './environment.ts'
import { createFunction } from './functions.ts'
import type { Keys } from './keys.ts'
import type { Network } from './network.ts'
import type { Settings } from './settings.ts'
import type { SignIn } from './user-pool.ts'

/** The functions that answer requests, and which one answers what. */
export interface Serving {
  /** Those made here, by name. */
  functions: Readonly<Record<string, LambdaFunction>>
  mcp: Target
  others: Target
  token: Target | undefined
  /** Postern as Lambda authorizer. */
  authorizer: IFunction | undefined
}

export interface Target {
  name: string
  function: IFunction
}

interface Parts {
  network: Network
  signIn: SignIn
  keys: Keys
}

/** API Gateway gives up after 30 s. */
const TIMEOUT_SECONDS = 29

export function createServing(
  scope: Construct,
  code: Code,
  settings: Settings,
  parts: Parts,
): Serving {
  const functions: Record<string, LambdaFunction> = {}
  const create = (name: string, environment: Record<string, string>, options: Options): Target => {
    const created = createFunction(scope, name, settings.logRetention, {
      code,
      handler: `${name}.handler`,
      environment,
      memorySize: 512,
      timeoutSeconds: TIMEOUT_SECONDS,
      ...options,
    })
    functions[name] = created
    return { name, function: created }
  }
  const serve = settings.mode === 'relay' ? serveRelay : serveBroker
  return { functions, ...serve(create, settings, parts) }
}

type Options = Partial<Parameters<typeof createFunction>[3]>
type Create = (name: string, environment: Record<string, string>, options: Options) => Target
type Targets = Omit<Serving, 'functions'>

function serveRelay(create: Create, settings: Settings, parts: Parts): Targets {
  const { server } = settings
  const { network, signIn, keys } = parts
  const door = doorEnvironment(settings, keys)
  const facade = {
    ...door,
    ...pagesEnvironment(settings),
    ...gateEnvironment(settings, keys),
    ...accessEnvironment(settings),
    ...identityProviderEnvironment(settings, signIn),
    ...relayEnvironment(settings, keys),
  }
  const others =
    'existing' in server
      ? create('facade', facade, { network })
      : create('front', { ...server.environment, ...facade }, inProcess(server, settings, network))
  const token =
    settings.tokenPath === 'function'
      ? create(
          'token',
          {
            ...door,
            ...identityProviderEnvironment(settings, signIn),
            ...relayEnvironment(settings, keys),
          },
          {},
        )
      : undefined
  const mcp = 'existing' in server ? { name: 'existing', function: server.existing } : others
  return { mcp, others, token, authorizer: undefined }
}

function serveBroker(create: Create, settings: Settings, parts: Parts): Targets {
  const { server } = settings
  const { network, signIn, keys } = parts
  const door = doorEnvironment(settings, keys)
  const gate = { ...door, ...gateEnvironment(settings, keys) }
  const others = create(
    'oauth',
    {
      ...gate,
      ...pagesEnvironment(settings),
      ...accessEnvironment(settings),
      ...identityProviderEnvironment(settings, signIn),
      POSTERN_SECRET_ARN: keys.secret.ref,
    },
    {
      statements: [
        new PolicyStatement({
          actions: ['secretsmanager:GetSecretValue'],
          resources: [keys.secret.ref],
        }),
      ],
    },
  )
  if ('existing' in server) {
    // API Gateway waits 10 s for an authorizer.
    const authorizer = create('authorizer', gate, { network, timeoutSeconds: 10 })
    return {
      mcp: { name: 'existing', function: server.existing },
      others,
      token: undefined,
      authorizer: authorizer.function,
    }
  }
  const environment = { ...server.environment, ...gate, ...pagesEnvironment(settings) }
  const mcp = create('mcp', environment, inProcess(server, settings, network))
  return { mcp, others, token: undefined, authorizer: undefined }
}

function inProcess(
  server: { code: Code; handler?: string },
  settings: Settings,
  network: Network,
): Options {
  return {
    code: server.code,
    handler: server.handler ?? 'index.handler',
    memorySize: settings.memorySize,
    network,
  }
}
