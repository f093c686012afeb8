/**
 * A complete private notes server, in each of the two modes: deploy the one you want.
 *
 *   npm run synth
 *   cd examples/aws-cdk && npx cdk deploy NotesBroker
 *
 * Region and account are those of your credentials. Before you deploy, put in your own domain, its
 * certificate in us-east-1, and a prefix for the sign-in page that is still free in your region.
 */
import { fileURLToPath } from 'node:url'
import { App, Stack } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { PrivateMcpServer } from 'postern/cdk'

const DOMAIN_NAME = 'mcp.example.com'
const CERTIFICATE_ARN =
  'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555'
/** Members of this group of the user pool may sign in. */
const GROUP = 'mcp-users'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export function createApp(outdir: string, server: string): App {
  const app = new App({
    outdir,
    // What CloudFormation would refuse is refused here.
    context: { '@aws-cdk/core:validateAgainstDefaultRules': true },
  })
  for (const mode of ['broker', 'relay'] as const) {
    const stack = new Stack(app, mode === 'broker' ? 'NotesBroker' : 'NotesRelay')
    new PrivateMcpServer(stack, 'Notes', {
      mode,
      name: 'Example notes',
      domainName: DOMAIN_NAME,
      certificateArn: CERTIFICATE_ARN,
      cognitoDomainPrefix: `example-notes-${mode}`,
      access: [{ groups: [GROUP] }],
      server: { code: Code.fromAsset(server) },
    })
  }
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // The CDK CLI says where it looks.
  const outdir = process.env['CDK_OUTDIR'] ?? here('cdk.out')
  const assembly = createApp(outdir, here('build/server')).synth()
  for (const { stackName, templateFullPath } of assembly.stacks)
    console.log(`${stackName}  ${templateFullPath}`)
}
