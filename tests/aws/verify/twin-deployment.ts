import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Code } from 'aws-cdk-lib/aws-lambda'
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
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export type Props = Partial<PrivateMcpServerProps> & Pick<PrivateMcpServerProps, 'mode'>

export function synthesize(props: Props, { folder }: Bundles): Topology {
  const app = new App({ outdir: mkdtempSync(join(folder, 'cdk.out-')) })
  const stack = new Stack(app, 'Notes')
  new PrivateMcpServer(stack, 'Notes', {
    domainName: 'verify.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/a',
    cognitoDomainPrefix: 'example-notes',
    server: { code: Code.fromAsset(join(folder, 'server')) },
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
    users: [{ ...PERSON, email: PERSON.username, emailVerified: true }],
  })
}
