import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { callbackUrls } from '../../../src/aws/callback-urls.ts'
import { loadTerraform } from '../../../src/aws/load-terraform.ts'
import { lint } from '../../../src/aws/lint/lint.ts'
import { compareTopologies, type Difference } from '../../../src/aws/parity.ts'
import { INPUT, LONG_DOMAIN_NAME } from '../variants.ts'
import {
  checkFormat,
  evaluate,
  EXAMPLE,
  findTerraform,
  MODULE,
  withTerraform,
  writeInputs,
} from './evaluate.ts'
import { readState } from './states.ts'
import { variablesOf } from './variants.ts'

const MCP_URL = `https://${INPUT.domainName}${INPUT.path}`
const terraform = findTerraform()
process.stdout.write(
  terraform === undefined
    ? 'terraform not on PATH: committed states used\n'
    : `${terraform} on PATH: compared with the committed states\n`,
)

describe('Real terraform, where it is on PATH,', () => {
  test.each(['relay-both', 'broker-existing'] as const)(
    'makes the committed state of %s',
    async (variant) => {
      if (terraform === undefined) return
      const { state } = await evaluate(variablesOf(variant))

      expect(state).toEqual(readState(variant))
    },
    60_000,
  )

  test('plans what it then makes, as far as a plan knows', async () => {
    if (terraform === undefined) return
    const { plan, state } = await evaluate(variablesOf('relay-edge-secret'))
    const differences = compareTopologies(loadTerraform(plan), loadTerraform(state))

    // Of a text with a reference in it only the reference is shown.
    const isKnown = ({ left, right }: Difference): boolean =>
      !/\$\{unknown\}|^\[\]$|^\{\}$/.test(JSON.stringify(left ?? '${unknown}')) &&
      !(typeof left === 'string' && typeof right === 'string' && right.includes(left))
    expect(differences.filter(isKnown)).toEqual([])
    expect(differences.length).toBeLessThan(60)
  }, 60_000)

  test('accepts the example', async () => {
    if (terraform === undefined) return
    const { state } = await evaluate({}, EXAMPLE)
    const topology = loadTerraform(state)

    expect(topology.ignored).toEqual([])
    expect(lint(topology)).toEqual([])
    expect(topology.resources).toContainEqual(
      expect.objectContaining({ kind: 'function', name: 'mcp', code: 'asset:build/server.zip' }),
    )
  }, 60_000)

  // CloudFront refuses to delete what a distribution still uses (FunctionInUse, ...PolicyInUse).
  test.each([
    ['another token path', 'relay-public', 'relay-token-function'],
    ['another defence', 'relay-both', 'relay-public'],
  ] as const)(
    'takes from CloudFront what %s makes superfluous, and only then deletes it',
    async (_, before, after) => {
      if (terraform === undefined) return
      await withTerraform(MODULE, async ({ workFolder, changes, run }) => {
        writeInputs(workFolder, variablesOf(before))
        await run('apply', '-input=false', '-auto-approve')
        const { length } = changes
        writeInputs(workFolder, variablesOf(after))
        await run('apply', '-input=false', '-auto-approve')
        const edge = changes.slice(length).filter((change) => change.includes('aws_cloudfront_'))

        expect(edge[0]).toBe('update aws_cloudfront_distribution')
        expect(edge.slice(1).toSorted()).toEqual([
          'delete aws_cloudfront_function',
          'delete aws_cloudfront_response_headers_policy',
        ])
      })
    },
    60_000,
  )

  test.each([
    ['broker', 'relay-public'],
    ['relay-public', 'broker'],
    ['relay-both', 'broker'],
    ['broker', 'relay-both'],
    ['relay-both', 'relay-public'],
    ['relay-existing', 'relay-public'],
    ['relay-public', 'relay-existing'],
    ['broker-existing', 'broker'],
    ['relay-token-function', 'broker-existing'],
  ] as const)(
    'changes %s into %s without deleting from the API what a route still names',
    async (before, after) => {
      if (terraform === undefined) return
      await withTerraform(MODULE, async ({ workFolder, run }) => {
        for (const variant of [before, after]) {
          writeInputs(workFolder, variablesOf(variant))
          await run('apply', '-input=false', '-auto-approve')
        }
      })
    },
    60_000,
  )

  test('finds everything formatted', () => {
    if (terraform === undefined) return
    expect([MODULE, EXAMPLE].flatMap((root) => checkFormat(root as typeof MODULE))).toEqual([])
  })

  test.each([
    ['a name that no attribute has', 'memory_size ', 'memory_sizes'],
    ['a value of another type', 'timeout          = 60', 'timeout = "soon"'],
    ['a block where an attribute is', 'environment {', 'environment = {'],
  ])(
    'refuses %s',
    async (_, from, to) => {
      if (terraform === undefined) return
      const edit = (folder: string): void => {
        const path = join(folder, 'functions.tf')
        const source = readFileSync(path, 'utf8')
        expect(source).toContain(from)
        writeFileSync(path, source.replaceAll(from, to))
      }

      await expect(withTerraform(MODULE, () => Promise.resolve(), edit)).rejects.toThrow(
        /terraform validate/,
      )
    },
    60_000,
  )

  test('says of all impossible inputs at once what is wrong with them', async () => {
    if (terraform === undefined) return
    const wrong: [Record<string, unknown>, RegExp[]][] = [
      [
        {
          mode: 'proxy',
          domain_name: 'https://mcp.example.com',
          certificate_arn: 'arn:aws:acm:eu-central-1:111122223333:certificate/0',
          path: '/mcp/',
          cognito_domain_prefix: 'my-cognito',
          access: 'everybody',
          scopes: ['a b'],
          server_zip: null,
          server_environment: { POSTERN_MODE: 'relay' },
          callback_urls: ['http://app.example.com/cb'],
        },
        [
          /mode is `broker` or `relay`/,
          /domain_name is a host name/,
          /certificate of ACM in us-east-1/,
          /path starts with a slash and does not end with one/,
          /reserves the words/,
          /access is "anyoneTheIdpAdmits" or a list/,
          /a scope has no spaces/,
          /Give either server_zip or existing_function_arn/,
          /do not begin with POSTERN_/,
          /callback_urls are https, http on/,
        ],
      ],
      [
        {
          path: '/token',
          cognito_domain_prefix: '-notes',
          access: [],
          existing_function_arn: INPUT.existingFunctionArn,
          client_authentication: 'edge',
          dangerously_share_client_secret: true,
        },
        [
          /path would hide one of Postern's own/,
          /lower-case letters, digits and hyphens/,
          /access is "anyoneTheIdpAdmits" or a list/,
          /Give either server_zip or existing_function_arn/,
          /is for relay mode, and excludes dangerously_share_client_secret/,
        ],
      ],
      [
        {
          mode: 'broker',
          access: [{ group: ['a'] }],
          defence: 'both',
          token_path: 'function',
          client_authentication: 'edge',
        },
        [
          /with the members subjects, groups/,
          /defence = "both" is for relay mode/,
          /token_path = "function" is for relay mode/,
          /client_authentication = "edge" is for relay mode/,
        ],
      ],
      [
        {
          domain_name: 'notes1.platform.engineering.example.com',
          path: '/server1/mcp',
          defence: 'both',
        },
        [/authorizer takes scopes of at most 64 characters/],
      ],
      [
        {
          existing_function_arn: INPUT.existingFunctionArn,
          server_zip: null,
          scopes: ['tools', 'admin'],
          required_scopes: ['admin'],
        },
        [
          /knows no rules: access is "anyoneTheIdpAdmits"/,
          /is content with any one scope: leave out required_scopes/,
        ],
      ],
      [
        {
          mode: 'broker',
          existing_function_arn: 'notes',
          server_zip: null,
          dangerously_share_client_secret: true,
          client_domains: ['https://app.example.com'],
        },
        [
          /unqualified ARN of a Lambda/,
          /dangerously_share_client_secret is for relay mode/,
          /client_domains are host names/,
        ],
      ],
      [
        { mode: 'relay', client_domains: ['app.example.com'] },
        [/client_domains are .* for broker mode/],
      ],
      [
        { defence: 'both', scopes: Array.from({ length: 11 }, (_, index) => `s${index}`) },
        [/with an authorizer takes 10 scopes/],
      ],
      [
        { callback_urls: Array.from({ length: 70 }, (_, index) => `https://app${index}.test/cb`) },
        [/more than the 100 that Cognito takes/],
      ],
      [
        { callback_urls: [`https://app.test/${'cb'.repeat(400)}`] },
        [/do not fit into the 4,096 bytes/],
      ],
      [
        { branding: { name: 'a\nb', logo: 'https://example.com/logo.png', colour: 'teal' } },
        [
          /branding.name has 1 to 64/,
          /branding.logo is a base64/,
          /branding.colour is in the form/,
        ],
      ],
      [
        { mode: 'broker', branding: { logo: `data:image/png;base64,${'A'.repeat(2000)}` } },
        [/do not fit into the 4,096 bytes .* a smaller logo or none/],
      ],
    ]
    await withTerraform(MODULE, async ({ workFolder, run }) => {
      for (const [variables, messages] of wrong) {
        writeInputs(workFolder, { ...variablesOf('relay-public'), ...variables })
        const refused = await run('plan', '-input=false', '-no-color').then(
          () => 'accepted',
          (error: unknown) => String(error).replaceAll(/[\s│]+/g, ' '),
        )

        for (const message of messages) expect(refused).toMatch(message)
      }
    })
  }, 60_000)

  test('keeps comments to the 128 characters that CloudFront takes', async () => {
    if (terraform === undefined) return
    const { state } = await evaluate({
      ...variablesOf('relay-public'),
      domain_name: LONG_DOMAIN_NAME,
    })
    const comments = [...JSON.stringify(state).matchAll(/"comment":"(\w[^"]*)"/g)]

    expect(comments).toHaveLength(3)
    for (const [, comment = ''] of comments) expect(comment.length).toBeLessThanOrEqual(128)
  }, 60_000)

  test('tells the OAuth function which clients may come by metadata documents', async () => {
    if (terraform === undefined) return
    await withTerraform(MODULE, async ({ workFolder, evaluate }) => {
      for (const [domains, variable] of [
        [null, ''],
        [[], 'none'],
        [['app.example.com', '*.example.org'], 'app.example.com *.example.org'],
      ]) {
        writeFileSync(
          join(workFolder, 'terraform.tfvars.json'),
          JSON.stringify({ ...variablesOf('broker'), client_domains: domains }),
        )
        const answer = await evaluate('jsonencode(local.client_domains)')
        expect(JSON.parse(JSON.parse(answer) as string)).toBe(variable)
      }
    })
  }, 60_000)

  test('derives the same callback URLs from what mcp-remote is told besides the URL', async () => {
    if (terraform === undefined) return
    const calls: [Record<string, unknown>, string[]][] = [
      [{ resource: MCP_URL }, ['--resource', MCP_URL]],
      [{ headers: { 'X-Tenant': 'a' } }, ['--header', 'X-Tenant: a']],
      [
        { headers: { b: '<2> & "3"', a: '1' }, authorize_params: { audience: 'x' } },
        ['--header', 'b: <2> & "3"', '--header', 'a: 1', '--authorize-param', 'audience=x'],
      ],
      [
        { client_metadata_url: 'https://app.example.com/client.json' },
        ['--client-metadata-url', 'https://app.example.com/client.json'],
      ],
      [
        { token_endpoint: 'https://idp.example.com/token', host: '127.0.0.1' },
        ['--token-endpoint', 'https://idp.example.com/token', '--host', '127.0.0.1'],
      ],
      [{ port: 9000, callback_path: '/back' }, ['9000', '--callback-path', '/back']],
    ]
    await withTerraform(MODULE, async ({ workFolder, evaluate }) => {
      for (const [mcpRemote, args] of calls) {
        writeFileSync(
          join(workFolder, 'terraform.tfvars.json'),
          JSON.stringify({ ...variablesOf('relay-public'), mcp_remote: mcpRemote }),
        )
        const answer = await evaluate('jsonencode(local.derived_callback_urls)')

        expect({ args, urls: JSON.parse(JSON.parse(answer) as string) }).toEqual({
          args,
          urls: callbackUrls({ url: MCP_URL, args }),
        })
      }
    })
  }, 60_000)
})
