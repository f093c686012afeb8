import { type CallbackUrls, describeCallbackUrls } from '../aws/callback-urls.ts'
import { candidatePorts, parseMcpRemoteArguments } from '../aws/mcp-remote.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern callback-urls <mcp-remote's own arguments> [--json | --terraform]

Prints the callback URLs that an identity provider with exact matching (Amazon Cognito) must know
before mcp-remote and Claude's hosted connectors can sign in there. Type what mcp-remote gets:

  postern callback-urls https://mcp.example.com/mcp --header "X-Tenant: a"

  --json         URLs by client, warnings, and the clients that no such list can serve
  --terraform    a list to paste into HCL

In broker mode the identity provider needs none of these: its one callback is Postern's own.
`

export async function run(args: string[]): Promise<void> {
  const own = new Set(['--json', '--terraform'])
  const [json, terraform] = [args.includes('--json'), args.includes('--terraform')]
  if (json && terraform) throw new UsageError('--json and --terraform are two outputs: give one')
  const call = parseMcpRemoteArguments(afterNpx(args.filter((word) => !own.has(word))))
  if (!call.ok) throw new UsageError(`callback-urls: ${call.failure}`)
  const found = describeCallbackUrls(call.value)
  if (json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else if (terraform) process.stdout.write(toHcl(found.urls))
  else process.stdout.write(describe(found, candidatePorts(call.value)[0]))
  if (!json) for (const warning of found.warnings) process.stderr.write(`postern: ${warning}\n`)
}

/** Lets people paste `npx -y mcp-remote@latest https://…` as it stands in their configuration. */
function afterNpx(args: readonly string[]): readonly string[] {
  return args.slice(args.findIndex((word) => /^mcp-remote(@.*)?$/.test(word)) + 1)
}

function describe({ urls, clients }: CallbackUrls, port: number | undefined): string {
  const who = clients.map(({ client }) => client).join('; ')
  const derived = clients.some(({ client }) => client === 'mcp-remote') ? `, port ${port}` : ''
  return `# ${urls.length} callback URLs for ${who}${derived}\n${urls.join('\n')}\n`
}

function toHcl(urls: readonly string[]): string {
  const items = urls.map((url) => `  ${toHclString(url)},\n`)
  return `[\n${items.join('')}]\n`
}

/** A quoted HCL template: `${` and `%{` would start an interpolation. */
function toHclString(text: string): string {
  return JSON.stringify(text).replaceAll(/[$%](?=\{)/g, '$&$&')
}
