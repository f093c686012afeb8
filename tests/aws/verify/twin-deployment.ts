import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { PrivateMcpServer, type PrivateMcpServerProps } from '../../../src/aws/cdk/index.ts'
import { loadCloudFormation } from '../../../src/aws/load-cloudformation.ts'
import type { Topology } from '../../../src/aws/topology.ts'
import { bundlePostern, bundleServer } from '../../../src/platform/aws-lambda/bundle.ts'
import { deploy, type Deployment } from '../../twins/deployment.ts'
import type { Switches } from '../../twins/switches.ts'

export const PERSON: { username: string; password: string } = {
  username: 'ada@example.com',
  password: 'correct-Horse1',
}

/** The code that functions run: bundled once, for however many deployments. */
export interface Bundles {
  folder: string
  remove: () => void
}

export async function bundle(): Promise<Bundles> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-verify-'))
  await bundlePostern(join(folder, 'postern'))
  await bundleServer(new URL('./notes-server.ts', import.meta.url).pathname, join(folder, 'server'))
  mkdirSync(join(folder, 'existing'))
  writeFileSync(join(folder, 'existing', 'index.mjs'), EXISTING)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A server that knows nothing of sign-in: any runtime could run it. */
const EXISTING = `export const handler = async () => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"jsonrpc":"2.0","id":1,"result":{}}',
})`
const EXISTING_ARN = 'arn:aws:lambda:eu-central-1:111122223333:function:existing'

export type Props = Partial<PrivateMcpServerProps> &
  Pick<PrivateMcpServerProps, 'mode'> & {
    /** Whether Postern guards a function that was there before. */
    isExisting?: boolean
  }

export function synthesize({ isExisting, ...props }: Props, { folder }: Bundles): Topology {
  const app = new App({ outdir: mkdtempSync(join(folder, 'cdk.out-')) })
  const stack = new Stack(app, 'Notes')
  new PrivateMcpServer(stack, 'Notes', {
    domainName: 'verify.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/a',
    cognitoDomainPrefix: 'example-notes',
    server:
      isExisting === true
        ? { existing: LambdaFunction.fromFunctionArn(stack, 'Existing', EXISTING_ARN) }
        : { code: Code.fromAsset(join(folder, 'server')) },
    access: 'anyoneTheIdpAdmits',
    ...props,
  })
  return loadCloudFormation(Template.fromStack(stack).toJSON())
}

/** The template that CDK makes from the props, running on the twins. */
export function deployTwins(
  topology: Topology,
  switches: Partial<Switches>,
  { folder }: Bundles,
): Promise<Deployment> {
  return deploy(topology, {
    assetPath: (_, { name }) =>
      join(folder, name === 'front' || name === 'mcp' ? 'server' : 'postern'),
    switches,
    existing: {
      [EXISTING_ARN]: { assetPath: join(folder, 'existing'), handler: 'index.handler' },
    },
    users: [{ ...PERSON, email: PERSON.username, emailVerified: true }],
  })
}
