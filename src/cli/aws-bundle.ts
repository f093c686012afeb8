import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { bundlePostern, bundleServer, zipFolder } from '../platform/aws-lambda/bundle.ts'
import { parseWords } from './parse-words.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern aws bundle <server.ts> --out DIR [--include PATH]

Bundles an MCP server that exports \`handler = mcpHandler(createServer)\`, and Postern's own functions:

  DIR/server/      the server, with handler index.handler, for CDK
  DIR/server.zip   the same, for Terraform
  DIR/postern.zip  Postern's own functions, for Terraform

  --out DIR        where to; made if absent
  --include PATH   a file or folder beside the server that it reads while it runs (repeatable)

Needs esbuild: npm install --save-dev esbuild
`

export async function run(args: string[]): Promise<void> {
  const { entry, out, include } = parse(args)
  const server = join(out, 'server')
  await bundleServer(entry, server, include)
  zipFolder(server, join(out, 'server.zip'))
  const own = join(out, 'postern')
  await bundlePostern(own)
  zipFolder(own, join(out, 'postern.zip'))
  for (const name of ['server/', 'server.zip', 'postern.zip'])
    process.stdout.write(`${join(out, name)}\n`)
}

function parse(args: string[]): { entry: string; out: string; include: string[] } {
  const { values, positionals } = parseWords(args, {
    out: { type: 'string' },
    include: { type: 'string', multiple: true },
  })
  const [entry, ...others] = positionals
  if (entry === undefined || others.length > 0)
    throw new UsageError('give one file, the one that exports `handler`')
  if (values.out === undefined) throw new UsageError('--out DIR says where to write')
  const include = values.include ?? []
  for (const path of [resolve(entry), ...include.map((name) => resolve(dirname(entry), name))])
    if (!existsSync(path)) throw new UsageError(`there is no ${path}`)
  return { entry, out: values.out, include }
}
