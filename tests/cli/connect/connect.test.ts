import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { UrlFinding } from '../../../src/cli/connect/check-url.ts'
import {
  exitCode,
  runConnect,
  type ConnectOptions,
  type ConnectReport,
} from '../../../src/cli/connect/run-connect.ts'
import type { Platform } from '../../../src/connect/target.ts'

const URL = 'https://mcp.example.com/mcp'
const STORE = 'AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'postern-connect-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

interface Run {
  options?: Partial<ConnectOptions>
  platform?: Platform
  environment?: Record<string, string>
  findings?: UrlFinding[]
  ask?: (question: string) => Promise<boolean>
}
interface Ran {
  report: ConnectReport
  code: number
  said: string
}

async function connect({
  options,
  platform = 'linux',
  environment = {},
  findings = [],
  ask,
}: Run = {}): Promise<Ran> {
  let said = ''
  const report = await runConnect(
    {
      server: { name: 'acme', url: URL },
      isNameGiven: false,
      clients: undefined,
      print: false,
      undo: false,
      yes: true,
      replace: false,
      ...options,
    },
    {
      machine: { platform, environment, home },
      check: () => Promise.resolve(findings),
      ask,
      say: (text) => (said += text),
    },
  )
  return { report, code: exitCode(report), said }
}

function put(file: string, content: string | Uint8Array): string {
  const path = join(home, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}
const get = (file: string): string => readFileSync(join(home, file), 'utf8')
const outcomes = ({ report }: Ran): unknown[] =>
  report.clients.flatMap(({ files }) => files.map(({ outcome, reason }) => reason ?? outcome))
const CURSOR = '.cursor/mcp.json'
const cursor = { clients: ['cursor'] }

describe('an entry that starts a command on Windows', () => {
  const connectTo = (url: string, platform: Platform, client: string): Promise<Ran> =>
    connect({ platform, options: { clients: [client], server: { name: 'acme', url } } })

  it.each(['?a&calc.exe', '?a=(b)', '?a=!b', '/%41PPDATA%41'])(
    'is not written with %s in its URL',
    async (rest) => {
      const ran = await connectTo(`${URL}${rest}`, 'windows', 'claude-desktop')
      expect(outcomes(ran)).toEqual(['runs_in_command_prompt'])
      expect(existsSync(join(home, 'AppData/Roaming/Claude'))).toBe(false)
    },
  )

  it.each<[Platform, string]>([
    ['windows', 'cursor'],
    ['macos', 'claude-desktop'],
  ])('is no concern of %s %s', async (platform, client) => {
    expect(outcomes(await connectTo(`${URL}?a&b`, platform, client))).toEqual(['written'])
  })
})

describe('connect writes where the client reads', () => {
  it.each<[Platform, string, string]>([
    ['macos', 'claude-desktop', 'Library/Application Support/Claude/claude_desktop_config.json'],
    ['windows', 'claude-desktop', 'AppData/Roaming/Claude/claude_desktop_config.json'],
    ['linux', 'claude-desktop', '.config/Claude/claude_desktop_config.json'],
    ['macos', 'claude-code', '.claude.json'],
    ['windows', 'claude-code', '.claude.json'],
    ['linux', 'claude-code', '.claude.json'],
    ['macos', 'cursor', CURSOR],
    ['windows', 'cursor', CURSOR],
    ['linux', 'cursor', CURSOR],
    ['macos', 'vscode', 'Library/Application Support/Code/User/mcp.json'],
    ['windows', 'vscode', 'AppData/Roaming/Code/User/mcp.json'],
    ['linux', 'vscode', '.config/Code/User/mcp.json'],
  ])('%s %s', async (platform, client, file) => {
    const ran = await connect({ platform, options: { clients: [client] } })
    expect(outcomes(ran)).toEqual(['written'])
    expect(get(file)).toContain(URL)
    expect(statSync(join(home, file)).mode & 0o777).toBe(0o600)
  })

  it('into the Windows store build alone where only that is there', async () => {
    mkdirSync(join(home, STORE), { recursive: true })
    await connect({ platform: 'windows', options: { clients: ['claude-desktop'] } })
    expect(get(`${STORE}/claude_desktop_config.json`)).toContain(URL)
    expect(existsSync(join(home, 'AppData/Roaming'))).toBe(false)
  })

  it('into both builds where both are there', async () => {
    mkdirSync(join(home, STORE), { recursive: true })
    mkdirSync(join(home, 'AppData/Roaming/Claude'), { recursive: true })
    expect(outcomes(await connect({ platform: 'windows' }))).toEqual(['written', 'written'])
  })

  it('in folders that were moved', async () => {
    const environment = {
      XDG_CONFIG_HOME: join(home, 'xdg'),
      CLAUDE_CONFIG_DIR: join(home, 'claude'),
    }
    await connect({ environment, options: { clients: ['vscode', 'claude-code'] } })
    expect(get('xdg/Code/User/mcp.json')).toContain(URL)
    expect(get('claude/.claude.json')).toContain(URL)
    const moved = { APPDATA: join(home, 'roaming') }
    await connect({ platform: 'windows', environment: moved, options: { clients: ['vscode'] } })
    expect(get('roaming/Code/User/mcp.json')).toContain(URL)
  })

  it('for clients that are installed, and says by hand what others need', async () => {
    put('.codex/config.toml', 'model = "x"\n')
    put(CURSOR, '{}')
    const ran = await connect()
    expect(ran.report.clients.map(({ id }) => id)).toEqual(['cursor', 'codex'])
    expect(ran.said).toContain('codex mcp add acme --url https://mcp.example.com/mcp')
    expect(get('.codex/config.toml')).toBe('model = "x"\n')
  })

  it('nothing where no client is found, exit 1', async () => {
    expect((await connect()).code).toBe(1)
    expect(readdirSync(home)).toEqual([])
  })
})

describe('nothing changes', () => {
  beforeEach(() => put(CURSOR, '{"mcpServers": {"b": {}}}'))
  const unchanged = (): void => {
    expect(get(CURSOR)).toBe('{"mcpServers": {"b": {}}}')
    expect(readdirSync(join(home, '.cursor'))).toEqual(['mcp.json'])
  }

  it('without a yes and without a terminal, exit 1', async () => {
    const ran = await connect({ options: { yes: false } })
    expect([outcomes(ran), ran.code]).toEqual([['not confirmed'], 1])
    unchanged()
  })

  it('after a no; the change was shown first', async () => {
    const { said, code } = await connect({
      options: { yes: false },
      ask: () => Promise.resolve(false),
    })
    expect(said).toMatch(/\+ +"acme": \{/)
    expect(code).toBe(1)
    unchanged()
  })

  it('with --print', async () => {
    const { code, said } = await connect({ options: { print: true } })
    expect(code).toBe(0)
    expect(said).toContain('cursor://anysphere.cursor-deeplink/')
    unchanged()
  })

  it('with --yes where nobody could sign in', async () => {
    const findings: UrlFinding[] = [{ reason: 'unreachable', level: 'error', message: 'no' }]
    const ran = await connect({ findings })
    expect([outcomes(ran), ran.code]).toEqual([['unreachable'], 1])
    unchanged()
  })
})

describe('what stands there already', () => {
  it('is not written twice', async () => {
    await connect({ options: cursor })
    const before = get(CURSOR)
    const again = await connect({ options: cursor })
    expect([outcomes(again), again.code]).toEqual([['nothing to do'], 0])
    expect(get(CURSOR)).toBe(before)
  })

  it('under another name is enough, unless a name was asked for', async () => {
    put(CURSOR, JSON.stringify({ mcpServers: { mine: { url: URL } } }))
    expect(outcomes(await connect())).toEqual(['nothing to do'])
    expect(outcomes(await connect({ options: { isNameGiven: true } }))).toEqual(['written'])
  })

  it('is another server of that name: kept, and shown without its secrets', async () => {
    const other = { url: 'https://other.example/s3cret/mcp?key=s3cret', headers: { a: 's3cret' } }
    const before = JSON.stringify({ mcpServers: { acme: other } })
    put(CURSOR, before)
    const ran = await connect()
    expect([outcomes(ran), ran.code]).toEqual([['name_taken'], 1])
    expect(get(CURSOR)).toBe(before)
    expect(ran.said).toContain('other.example')
    expect(ran.said).not.toContain('s3cret')
  })

  it('is put aside with --replace, and comes back with --undo', async () => {
    const before = '{"mcpServers": {"acme": {"url": "https://other.example/"}}, "z": 1}'
    put(CURSOR, before)
    expect(outcomes(await connect({ options: { replace: true } }))).toEqual(['written'])
    expect(get(CURSOR)).toContain(URL)
    writeFileSync(join(home, CURSOR), get(CURSOR).replace('1', '2'))
    expect(outcomes(await connect({ options: { undo: true } }))).toEqual(['undone'])
    expect(JSON.parse(get(CURSOR))).toEqual(JSON.parse(before.replace('1', '2')))
  })
})

describe('what was put aside stays put aside', () => {
  const MINE = '{\n  "mcpServers": {"acme": {"url": "https://mine.example/" /* mine */}}\n}\n'
  const to = (path: string, options: Partial<ConnectOptions> = {}): Promise<Ran> =>
    connect({
      options: { ...cursor, server: { name: 'acme', url: `${URL}${path}` }, ...options },
    })
  const replace = (path: string): Promise<Ran> => to(path, { replace: true })
  const undo = (path: string): Promise<Ran> => to(path, { undo: true })

  it('by any number of changes under one name, which --undo takes back step by step', async () => {
    put(CURSOR, MINE)
    expect(outcomes(await to('/a'))).toEqual(['name_taken'])
    const steps = ['/a', '/b', '/c'].map((path) => ({ path, before: '' }))
    for (const step of steps) {
      step.before = get(CURSOR)
      expect(outcomes(await replace(step.path))).toEqual(['written'])
    }
    for (const { path, before } of steps.toReversed()) {
      expect(outcomes(await undo(path))).toEqual(['undone'])
      expect(get(CURSOR)).toBe(before)
    }
    expect(get(CURSOR)).toBe(MINE)
    expect(readdirSync(join(home, '.cursor'))).toEqual(['mcp.json'])
  })

  it('from a first connect without anything put aside', async () => {
    put(CURSOR, '{"a": 1}')
    await to('/a')
    await replace('/b')
    await replace('/c')
    await undo('/c')
    expect(get(CURSOR)).toContain(`${URL}/b`)
    await undo('/b')
    expect(get(CURSOR)).toContain(`${URL}/a`)
    await undo('/a')
    expect(get(CURSOR)).toBe('{"a": 1}')
  })

  it('when the same step is taken back twice: the second finds another server and says so', async () => {
    put(CURSOR, MINE)
    await replace('/a')
    await replace('/b')
    await undo('/b')
    const again = await undo('/b')
    expect([outcomes(again), again.code]).toEqual([['edited'], 1])
    expect(again.said).toContain('with its own URL')
    await undo('/a')
    expect(get(CURSOR)).toBe(MINE)
  })

  it('with its comments, where other things have changed since', async () => {
    put(CURSOR, MINE)
    await replace('/a')
    await replace('/b')
    writeFileSync(join(home, CURSOR), `${get(CURSOR)}\n\n`)
    await undo('/b')
    await undo('/a')
    expect(get(CURSOR)).toBe(`${MINE}\n\n`)
  })

  it('whatever kind of value it is', async () => {
    put(CURSOR, '{"mcpServers": {"acme": null}}')
    await replace('/a')
    writeFileSync(join(home, CURSOR), `${get(CURSOR)}\n`)
    await undo('/a')
    expect(get(CURSOR)).toBe('{"mcpServers": {"acme": null}}\n')
  })

  it('by a connect after the entry was taken out by hand', async () => {
    put(CURSOR, MINE)
    await replace('/a')
    put(CURSOR, '{}')
    await to('/b')
    await undo('/b')
    expect(get(CURSOR)).toBe('{}')
    expect(get(`${CURSOR}.before-acme`)).toBe(MINE)
  })

  it('by a connect after the file was taken away, and the new one goes with --undo', async () => {
    put(CURSOR, MINE)
    await replace('/a')
    rmSync(join(home, CURSOR))
    await to('/b')
    await undo('/b')
    expect(readdirSync(join(home, '.cursor'))).toEqual(['mcp.json.before-acme'])
    expect(get(`${CURSOR}.before-acme`)).toBe(MINE)
  })

  it('in a copy that --undo cannot read', async () => {
    put(CURSOR, MINE)
    await replace('/a')
    const broken = `${MINE}}`
    put(`${CURSOR}.before-acme`, broken)
    await undo('/a')
    expect(get(`${CURSOR}.before-acme`)).toBe(broken)
  })

  it('while another connect writes a copy under the same number', async () => {
    put(CURSOR, MINE)
    const ask = (): Promise<boolean> => {
      put(`${CURSOR}.before-acme`, 'theirs')
      return Promise.resolve(true)
    }
    const ran = await connect({ options: { ...cursor, yes: false, replace: true }, ask })
    expect(outcomes(ran)).toEqual(['cannot_write'])
    expect([get(CURSOR), get(`${CURSOR}.before-acme`)]).toEqual([MINE, 'theirs'])
  })
})

describe('--undo', () => {
  it('takes away a file that connect made', async () => {
    await connect({ options: cursor })
    await connect({ options: { ...cursor, undo: true } })
    expect(readdirSync(join(home, '.cursor'))).toEqual([])
  })

  it('gives back every byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t', '    '),
        fc.constantFrom('', '\n', '\r\n \n'),
        fc.boolean(),
        async (others, indent, end, hasSection) => {
          const { mcpServers: _, ...rest } = others
          const value = hasSection ? { ...rest, mcpServers: {} } : rest
          const before = JSON.stringify(value, null, indent) + end
          put(CURSOR, before)
          expect(outcomes(await connect({ options: cursor }))).toEqual(['written'])
          expect(get(`${CURSOR}.before-acme`)).toBe(before)
          expect(outcomes(await connect({ options: { undo: true } }))).toEqual(['undone'])
          expect(get(CURSOR)).toBe(before)
          expect(readdirSync(join(home, '.cursor'))).toEqual(['mcp.json'])
        },
      ),
      { numRuns: 40 },
    )
  })

  it('takes back only its own where other things have changed since', async () => {
    put(CURSOR, '{\n  "a": 1\n}\n')
    await connect()
    writeFileSync(join(home, CURSOR), get(CURSOR).replace('"a": 1', '"a": 2'))
    await connect({ options: { undo: true } })
    expect(get(CURSOR)).toBe('{\n  "a": 2\n}\n')
  })

  it('keeps the servers that came later', async () => {
    put(CURSOR, '{\n  "a": 1\n}\n')
    await connect()
    await connect({ options: { server: { name: 'b', url: `${URL}/b` } } })
    await connect({ options: { undo: true } })
    expect(JSON.parse(get(CURSOR))).toEqual({ a: 1, mcpServers: { b: { url: `${URL}/b` } } })
  })

  it('leaves an entry that was edited since, and says so', async () => {
    put(CURSOR, '{}')
    await connect()
    const edited = get(CURSOR).replace('"url"', '"headers": {}, "url"')
    writeFileSync(join(home, CURSOR), edited)
    const ran = await connect({ options: { undo: true } })
    expect([outcomes(ran), ran.code]).toEqual([['edited'], 1])
    expect(get(CURSOR)).toBe(edited)
  })

  it('has nothing to do where nothing was done', async () => {
    put(CURSOR, '{"mcpServers":{}}')
    const ran = await connect({ options: { undo: true } })
    expect([outcomes(ran), ran.code]).toEqual([['nothing to do'], 0])
  })
})

describe('a file that cannot be read stays as it is, byte by byte', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['broken', '{"mcpServers": {', 'unparseable'],
    ['a list of servers', '{"mcpServers": []}', 'wrong_shape'],
    ['two of one name', '{"mcpServers": {"a": 1, "a": 2}}', 'duplicate_key'],
    ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le'), 'not_utf8'],
    ['Latin-1', Buffer.from('{"ä": 1}', 'latin1'), 'not_utf8'],
    ['larger than any', ' '.repeat(16 * 1024 * 1024 + 1), 'too_large'],
    ['nested without end', '['.repeat(100_000), 'unparseable'],
  ])('%s', async (_name, content, reason) => {
    const path = put(CURSOR, content)
    for (const undo of [false, true]) {
      const ran = await connect({ options: { undo } })
      expect([outcomes(ran), ran.code]).toEqual([[reason], 1])
    }
    expect(readFileSync(path).equals(Buffer.from(content))).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(['mcp.json'])
  })

  it('comments where Claude Desktop knows none', async () => {
    put('.config/Claude/claude_desktop_config.json', '{ // mine\n}')
    expect(outcomes(await connect())).toEqual(['unparseable'])
  })

  it('a folder, a pipe, a link to nothing', async () => {
    const path = join(home, CURSOR)
    mkdirSync(path, { recursive: true })
    expect(outcomes(await connect())).toEqual(['not_a_file'])
    rmSync(path, { recursive: true })
    execFileSync('mkfifo', [path])
    expect(outcomes(await connect())).toEqual(['not_a_file'])
    rmSync(path)
    symlinkSync(join(home, 'nowhere'), path)
    expect(outcomes(await connect({ options: cursor }))).toEqual(['cannot_read'])
  })

  it('one that is read-only', async () => {
    chmodSync(put(CURSOR, '{}'), 0o444)
    expect(outcomes(await connect())).toEqual(['read_only'])
    expect(get(CURSOR)).toBe('{}')
  })

  it('one whose folder is none', async () => {
    put('.cursor', 'a file')
    expect(outcomes(await connect({ options: cursor }))).toEqual(['cannot_read'])
  })

  it('one that changes while the person thinks', async () => {
    put(CURSOR, '{}')
    const ask = (): Promise<boolean> => {
      put(CURSOR, '{"a":1}')
      return Promise.resolve(true)
    }
    const ran = await connect({ options: { yes: false }, ask })
    expect(outcomes(ran)).toEqual(['changed_meanwhile'])
    expect(get(CURSOR)).toBe('{"a":1}')
    expect(readdirSync(join(home, '.cursor'))).toEqual(['mcp.json'])
  })
})

describe('a file that is written', () => {
  it('keeps its rights, also in the copy, and leaves no part behind', async () => {
    const path = put(CURSOR, '{}')
    chmodSync(path, 0o640)
    await connect()
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(statSync(`${path}.before-acme`).mode & 0o777).toBe(0o640)
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['mcp.json', 'mcp.json.before-acme'])
  })

  it('stays behind the link that leads to it', async () => {
    put('dotfiles/mcp.json', '{}')
    mkdirSync(join(home, '.cursor'))
    symlinkSync(join(home, 'dotfiles/mcp.json'), join(home, CURSOR))
    await connect()
    expect(lstatSync(join(home, CURSOR)).isSymbolicLink()).toBe(true)
    expect(get('dotfiles/mcp.json')).toContain(URL)
    await connect({ options: { undo: true } })
    expect(get('dotfiles/mcp.json')).toBe('{}')
  })

  it('shows nothing of what else is in it', async () => {
    put(CURSOR, '{"mcpServers": {"b": {"env": {"KEY": "s3cret"}}}}')
    const { said } = await connect()
    expect(said).not.toContain('s3cret')
  })
})
