import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { PrivateMcpServer, type PrivateMcpServerProps } from '../../src/aws/cdk/index.ts'

/** The shapes that CDK and Terraform are compared in and that the twins run. */
export const VARIANTS = [
  'relay-public',
  'relay-edge-secret',
  'relay-token-function',
  'relay-both',
  'relay-shared-secret',
  'relay-existing',
  'broker',
  'broker-existing',
] as const

export type Variant = (typeof VARIANTS)[number]

/** What both sides are given. */
export const INPUT: {
  name: string
  domainName: string
  path: string
  region: string
  account: string
  certificateArn: string
  cognitoDomainPrefix: string
  branding: { name: string; logo: string; colour: string }
  access: { groups: string[] }[]
  handler: string
  existingFunctionArn: string
} = {
  name: 'Example notes',
  domainName: 'mcp.example.com',
  path: '/mcp',
  region: 'eu-central-1',
  account: '111122223333',
  certificateArn:
    'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
  cognitoDomainPrefix: 'example-mcp',
  branding: {
    name: 'Example Company',
    logo: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=',
    colour: '#7a1f5c',
  },
  access: [{ groups: ['mcp-users'] }],
  handler: 'index.handler',
  existingFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:notes',
}

type OwnProps = PrivateMcpServerProps extends infer P
  ? P extends PrivateMcpServerProps
    ? Omit<P, 'server' | 'access' | 'domainName' | 'certificateArn'> & {
        existing?: boolean
        access?: P['access']
      }
    : never
  : never

const OWN: Readonly<Record<Variant, OwnProps>> = {
  'relay-public': { mode: 'relay' },
  'relay-edge-secret': { mode: 'relay', clientAuthentication: 'edge' },
  'relay-token-function': { mode: 'relay', tokenPath: 'function', resourceParameter: 'strip' },
  'relay-both': { mode: 'relay', defence: 'both' },
  'relay-shared-secret': { mode: 'relay', dangerouslyShareClientSecret: true },
  // Rules would have nobody to apply them.
  'relay-existing': { mode: 'relay', existing: true, access: 'anyoneTheIdpAdmits' },
  broker: { mode: 'broker' },
  'broker-existing': { mode: 'broker', existing: true },
}

/** In the texts of which some are longer than AWS takes. */
export const LONG_DOMAIN_NAME: string = `${'notes'.repeat(12)}.${'team'.repeat(12)}.example.com`

/** A server's bundle by its form: what is in it matters only to those who run it. */
export function serverFolder(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'postern-cdk-')), 'server')
  mkdirSync(folder)
  writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => ({})\n')
  return folder
}

/** Synthesized into a temporary folder, with region and account as a deployment has them. */
export function inStack(build: (stack: Stack) => void): { template: unknown; missing: unknown } {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'postern-cdk.out-')) })
  const { region, account } = INPUT
  const stack = new Stack(app, 'Notes', { env: { region, account } })
  build(stack)
  const assembly = app.synth()
  return {
    template: assembly.getStackByName(stack.stackName).template as unknown,
    missing: assembly.manifest.missing,
  }
}

const synthesized = new Map<Variant, string>()

/** The template of a variant: a copy that the caller may change. */
export function synthesize(variant: Variant): unknown {
  let text = synthesized.get(variant)
  if (text === undefined) {
    text = JSON.stringify(inStack((stack) => createVariant(stack, variant)).template)
    synthesized.set(variant, text)
  }
  return JSON.parse(text)
}

export function createVariant(stack: Stack, variant: Variant): PrivateMcpServer {
  const { existing = false, ...own } = OWN[variant]
  const { name, branding, domainName, certificateArn, cognitoDomainPrefix, access } = INPUT
  return new PrivateMcpServer(stack, 'Server', {
    name,
    branding,
    domainName,
    certificateArn,
    cognitoDomainPrefix,
    access,
    server: existing
      ? { existing: LambdaFunction.fromFunctionArn(stack, 'Existing', INPUT.existingFunctionArn) }
      : { code: Code.fromAsset(serverFolder()) },
    ...own,
  })
}
