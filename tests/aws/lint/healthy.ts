import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Code, Function as LambdaFunction, type IFunction } from 'aws-cdk-lib/aws-lambda'
import { PrivateMcpServer, type PrivateMcpServerProps } from '../../../src/aws/cdk/index.ts'
import { loadCloudFormation } from '../../../src/aws/load-cloudformation.ts'
import type { Kind, Resource, ResourceOf, Topology } from '../../../src/aws/topology.ts'

/** A topology that a test may break. */
export interface Draft {
  resources: Mutable<Resource>[]
  ignored: { type: string; id: string }[]
}

export type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T

type VariantProps = PrivateMcpServerProps extends infer P
  ? P extends PrivateMcpServerProps
    ? Omit<P, 'domainName' | 'certificateArn' | 'access' | 'cognitoDomainPrefix'>
    : never
  : never

export type Variant =
  | 'relay'
  | 'relay, edge-injected secret'
  | 'relay, token function'
  | 'relay, both defences'
  | 'relay, existing server'
  | 'broker'
  | 'broker, existing server'

interface Servers {
  code: { code: Code }
  existing: { existing: IFunction }
}

const VARIANTS: Readonly<Record<Variant, (own: Servers) => VariantProps>> = {
  relay: (own) => ({ mode: 'relay', server: own.code }),
  'relay, edge-injected secret': (own) => ({
    mode: 'relay',
    clientAuthentication: 'edge',
    server: own.code,
  }),
  'relay, token function': (own) => ({
    mode: 'relay',
    tokenPath: 'function',
    resourceParameter: 'strip',
    server: own.code,
  }),
  'relay, both defences': (own) => ({ mode: 'relay', defence: 'both', server: own.code }),
  'relay, existing server': (own) => ({ mode: 'relay', server: own.existing }),
  broker: (own) => ({ mode: 'broker', server: own.code }),
  'broker, existing server': (own) => ({ mode: 'broker', server: own.existing }),
}

export const VARIANT_NAMES: Variant[] = Object.keys(VARIANTS) as Variant[]

const templates = new Map<Variant, unknown>()

/** The template of a variant as CDK synthesizes it. */
export function templateOf(variant: Variant): unknown {
  const known = templates.get(variant)
  if (known !== undefined) return structuredClone(known)
  const folder = mkdtempSync(join(tmpdir(), 'postern-lint-'))
  writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => ({})\n')
  const app = new App({ outdir: join(folder, 'cdk.out') })
  const stack = new Stack(app, 'Stack', {
    env: { account: '111122223333', region: 'eu-central-1' },
  })
  const functionArn = 'arn:aws:lambda:eu-central-1:111122223333:function:notes'
  new PrivateMcpServer(stack, 'Server', {
    domainName: 'mcp.example.com',
    certificateArn:
      'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
    access: 'anyoneTheIdpAdmits',
    cognitoDomainPrefix: 'example-notes',
    ...VARIANTS[variant]({
      code: { code: Code.fromAsset(folder, { exclude: ['cdk.out'] }) },
      existing: {
        existing: LambdaFunction.fromFunctionAttributes(stack, 'Existing', {
          functionArn,
          sameEnvironment: true,
        }),
      },
    }),
  })
  const template: unknown = app.synth().getStackByName('Stack').template
  templates.set(variant, template)
  return structuredClone(template)
}

export function healthy(variant: Variant): Topology {
  return loadCloudFormation(templateOf(variant))
}

/** A copy of a healthy topology to break. */
export function draft(variant: Variant): Draft {
  return structuredClone(healthy(variant)) as Draft
}

/** The resource of a kind and a name, to change. */
export function the<K extends Kind>(
  { resources }: Draft,
  kind: K,
  name: string,
): Mutable<ResourceOf<K>> {
  const found = resources.find((resource) => resource.kind === kind && resource.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found as Mutable<ResourceOf<K>>
}

export function remove(topology: Draft, kind: Kind, name: string): void {
  const found = topology.resources.findIndex((each) => each.kind === kind && each.name === name)
  if (found === -1) throw new Error(`there is no ${kind} ${name}`)
  topology.resources.splice(found, 1)
}
