import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { requireClient } from './clients.ts'
import type { Desk } from './desk.ts'
import { FakeModel } from './fake-model.ts'
import { runProgram } from './program.ts'
import { describeClient, type RealClient } from './scenarios.ts'

/** An agent with a command to sign in to an MCP server, and one that asks its model something. */
interface Agent {
  name: string
  /** The package that holds the program for this machine, and where in it. */
  program: [packageName: string, path: string]
  configure: (place: Place) => void | Promise<void>
  signIn: string[]
  signsInOnTerminal: boolean
  ask: string[]
  environment?: (model: FakeModel) => Record<string, string>
}

interface Place {
  mcpUrl: string
  home: string
  model: FakeModel
  run: (args: string[], terminal?: boolean) => Promise<string>
}

const require = await requireClient()
const machine = `${process.platform}-${process.arch}`
const QUESTION = 'Who am I?'
const TIMES = 3

const CLAUDE_CODE: Agent = {
  name: 'Claude Code',
  program: [`@anthropic-ai/claude-code-${machine}`, 'claude'],
  configure: async ({ mcpUrl, run }) => {
    await run(['mcp', 'add', '--transport', 'http', '--scope', 'user', 'demo', mcpUrl])
  },
  signIn: ['mcp', 'login', 'demo'],
  signsInOnTerminal: true,
  ask: ['-p', QUESTION, '--allowedTools', 'mcp__demo__whoami'],
  environment: (model) => ({
    ANTHROPIC_BASE_URL: model.origin,
    ANTHROPIC_API_KEY: 'of the model that is played',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_TELEMETRY: '1',
    // Offers its tools at once instead of letting the model look for them.
    ENABLE_TOOL_SEARCH: 'false',
  }),
}

const TARGETS: Record<string, string> = {
  'linux-x64': 'x86_64-unknown-linux-musl',
  'linux-arm64': 'aarch64-unknown-linux-musl',
  'darwin-arm64': 'aarch64-apple-darwin',
}

const CODEX: Agent = {
  name: 'Codex CLI',
  program: [`codex-${machine}`, `vendor/${TARGETS[machine] ?? machine}/bin/codex`],
  configure: ({ mcpUrl, home, model }) => {
    write(join(home, '.codex/config.toml'), [
      'model = "played"',
      'model_provider = "played"',
      'approval_policy = "never"',
      '[model_providers.played]',
      'name = "played"',
      `base_url = "${model.origin}/v1"`,
      'wire_api = "responses"',
      'env_key = "PLAYED_MODEL_KEY"',
      '[mcp_servers.demo]',
      `url = "${mcpUrl}"`,
    ])
  },
  signIn: ['mcp', 'login', 'demo'],
  signsInOnTerminal: false,
  ask: ['exec', '--skip-git-repo-check', QUESTION],
  environment: () => ({ PLAYED_MODEL_KEY: 'of the model that is played' }),
}

const OPENCODE: Agent = {
  name: 'OpenCode',
  program: [`opencode-${machine}-baseline`, 'bin/opencode'],
  configure: ({ mcpUrl, home, model }) => {
    const played = {
      npm: '@ai-sdk/openai-compatible',
      options: { baseURL: `${model.origin}/v1`, apiKey: 'of the model that is played' },
      models: { played: { name: 'played' } },
    }
    write(join(home, '.config/opencode/opencode.json'), [
      JSON.stringify({
        autoupdate: false,
        share: 'disabled',
        provider: { played },
        model: 'played/played',
        small_model: 'played/played',
        mcp: { demo: { type: 'remote', url: mcpUrl } },
      }),
    ])
  },
  signIn: ['mcp', 'auth', 'demo'],
  signsInOnTerminal: true,
  ask: ['run', QUESTION],
  environment: () => ({
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  }),
}

const model = await FakeModel.start()
afterAll(() => model.close())

for (const agent of [CLAUDE_CODE, CODEX, OPENCODE]) describeAgent(agent)

function describeAgent(agent: Agent): void {
  const found = find(agent.program[0])
  if (found === undefined) {
    process.stdout.write(`${agent.name} is left out: there is none for ${machine}.\n`)
    return
  }
  const configured = new WeakMap<Desk, Promise<void>>()
  describeClient({
    name: `${agent.name} ${found.version}`,
    threeAtOnce: 'share a sign-in',
    open: (mcpUrl, desk) => {
      const env = { ...desk.environment(), ...agent.environment?.(model) }
      const program = { file: join(found.folder, agent.program[1]), cwd: desk.work, env }
      const run = (args: string[], terminal = false): Promise<string> =>
        runProgram({
          ...program,
          args,
          ...(terminal ? { terminal, question: /Re-authenticate\?/i } : {}),
        })
      const configure = async (): Promise<void> => {
        const done = configured.get(desk)
        if (done !== undefined) return done
        const doing = agent.configure({ mcpUrl, home: desk.home, model, run })
        configured.set(desk, Promise.resolve(doing))
        return doing
      }
      const client: RealClient = {
        signIn: async () => {
          await configure()
          await run(agent.signIn, agent.signsInOnTerminal)
        },
        whoami: async () => {
          await configure()
          for (let time = 0; time < TIMES; time++) {
            await run(agent.ask)
            const result = model.results.pop()
            if (result !== undefined) return result
            // On a busy machine Codex asks its model before its tools are there: the person asks again.
          }
          return 'The model was not told.'
        },
        close: async () => {},
      }
      return client
    },
  })
}

function find(packageName: string): { folder: string; version: string } | undefined {
  try {
    const manifest = require.resolve(`${packageName}/package.json`)
    const { version } = require(manifest) as { version: string }
    return { folder: dirname(manifest), version: version.replace(`-${machine}`, '') }
  } catch {
    return undefined
  }
}

function write(file: string, lines: string[]): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${lines.join('\n')}\n`)
}
