import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toCommandLine } from '../../src/connect/command-line.ts'
import { deriveServerName, isServerName } from '../../src/connect/server-name.ts'
import { parseServerUrl } from '../../src/connect/server-url.ts'
import { buildSnippet } from '../../src/connect/snippet.ts'
import { CONNECT_TARGETS } from '../../src/connect/targets.ts'
import { PLATFORMS, type ConnectTarget } from '../../src/connect/target.ts'

const server = { name: 'acme', url: 'https://mcp.example.com/mcp' }
const tricky = { name: 'acme', url: 'https://mcp.example.com/mcp?a=1&b=(2)!' }

const find = (id: string): ConnectTarget => {
  const target = CONNECT_TARGETS.find((one) => one.id === id)
  if (target === undefined) throw new Error(`no target ${id}`)
  return target
}
const snippet = (id: string): string => {
  const { configuration } = find(id)
  return configuration === undefined ? '' : buildSnippet(configuration, server)
}

describe('connect targets', () => {
  it('gives every client at least one way in', () => {
    const without = CONNECT_TARGETS.filter(
      ({ installLink, command, configuration, inSettings }) =>
        ![installLink, command, configuration, inSettings].some(Boolean),
    )
    expect(without).toEqual([])
  })

  it('names files on all three platforms', () => {
    for (const { id, configuration } of CONNECT_TARGETS)
      for (const platform of configuration === undefined ? [] : PLATFORMS)
        for (const file of configuration?.files[platform] ?? ['none'])
          expect(`${id} ${file}`).toMatch(
            platform === 'windows' ? /^[a-z-]+ %\w+%\\[^/]+$/ : /^[a-z-]+ ~\/[^\\]+$/,
          )
  })

  it.each([
    [
      'claude-code',
      'claude mcp add --transport http --scope user acme https://mcp.example.com/mcp',
    ],
    ['codex', 'codex mcp add acme --url https://mcp.example.com/mcp'],
    ['gemini', 'gemini mcp add --scope user --transport http acme https://mcp.example.com/mcp'],
    [
      'vscode',
      `code --add-mcp '{"name":"acme","type":"http","url":"https://mcp.example.com/mcp"}'`,
    ],
  ])('tells %s by a command', (id, line) => {
    expect(toCommandLine(find(id).command?.(server) ?? [], 'posix')).toBe(line)
  })

  it.each([
    [
      'claude-desktop',
      '{"mcpServers":{"acme":{"command":"npx","args":["-y","mcp-remote@latest","https://mcp.example.com/mcp"]}}}',
    ],
    ['claude-code', '{"mcpServers":{"acme":{"type":"http","url":"https://mcp.example.com/mcp"}}}'],
    ['cursor', '{"mcpServers":{"acme":{"url":"https://mcp.example.com/mcp"}}}'],
    ['vscode', '{"servers":{"acme":{"type":"http","url":"https://mcp.example.com/mcp"}}}'],
    ['gemini', '{"mcpServers":{"acme":{"httpUrl":"https://mcp.example.com/mcp"}}}'],
    ['windsurf', '{"mcpServers":{"acme":{"serverUrl":"https://mcp.example.com/mcp"}}}'],
    ['zed', '{"context_servers":{"acme":{"url":"https://mcp.example.com/mcp"}}}'],
  ])('knows what %s reads', (id, json) => {
    expect(JSON.parse(snippet(id))).toEqual(JSON.parse(json))
  })

  it('knows what Codex reads', () => {
    expect(snippet('codex')).toBe('[mcp_servers.acme]\nurl = "https://mcp.example.com/mcp"\n')
  })

  it('knows what Goose reads', () => {
    expect(snippet('goose')).toBe(
      'extensions:\n  acme:\n    enabled: true\n    type: "streamable_http"\n    name: "acme"\n    uri: "https://mcp.example.com/mcp"\n',
    )
  })

  it('makes links that carry name and URL unchanged', () => {
    const parameters = (id: string): URLSearchParams =>
      new URL(find(id).installLink?.(tricky) ?? '').searchParams
    expect(JSON.parse(atob(parameters('cursor').get('config') ?? ''))).toEqual({ url: tricky.url })
    expect(parameters('cursor').get('name')).toBe('acme')
    expect(parameters('claude').get('connectorUrl')).toBe(tricky.url)
    expect(parameters('goose').get('url')).toBe(tricky.url)
    const vscode = find('vscode').installLink?.(tricky) ?? ''
    expect(JSON.parse(decodeURIComponent(vscode.slice('vscode:mcp/install?'.length)))).toEqual({
      ...tricky,
      type: 'http',
    })
  })
})

describe('command lines', () => {
  it('reach the program as they were meant, through a POSIX shell', () => {
    const script = 'for word in "$@"; do printf "%s\\0" "$word"; done'
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii', minLength: 1 })), (words) => {
        const clean = words.map((word) => word.replaceAll('\0', '')).filter((word) => word !== '')
        const line = `sh -c '${script}' sh ${toCommandLine(clean, 'posix')}`
        const out = execFileSync('sh', ['-c', line]).toString()
        expect(out).toBe(clean.map((word) => `${word}\0`).join(''))
      }),
      { numRuns: 30 },
    )
  })

  it('quote for Windows by the rules of its C runtime', () => {
    expect(toCommandLine(['a b', String.raw`c:\x y\ `, 'say "hi"', 'd\\"e'], 'windows')).toBe(
      String.raw`"a b" "c:\x y\ " "say \"hi\"" "d\\\"e"`,
    )
    expect(toCommandLine([String.raw`two words\\`], 'windows')).toBe(String.raw`"two words\\\\"`)
  })

  it('leave nothing outside quotes that Windows’ Command Prompt would act on', () => {
    for (const { command } of CONNECT_TARGETS) {
      const line = command === undefined ? '' : toCommandLine(command(tricky), 'windows')
      // Every quote opens or closes for Command Prompt, whatever stands before it.
      const outside = line.split('"').filter((_, index) => index % 2 === 0)
      expect(outside.join('')).not.toMatch(/[&|<>^%!()]/)
    }
  })
})

describe('the name of a server', () => {
  it.each([
    ['https://mcp.example.com/mcp', 'example-com'],
    ['https://www.example.com/team-a/mcp', 'example-com-team-a'],
    ['https://mcp.com/sse', 'mcp-com'],
    ['http://localhost:7420/mcp', 'localhost-7420'],
    ['http://127.0.0.1:8787/', '127-0-0-1-8787'],
    ['http://[::1]:8787/mcp', '1-8787'],
    ['http://[::]/', 'mcp-server'],
  ])('is made from %s', (url, name) => {
    expect(deriveServerName(url)).toBe(name)
  })

  it('is one that every client takes, whatever the URL', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, size: 'large' }), (url) => {
        expect(isServerName(deriveServerName(url))).toBe(true)
      }),
    )
  })

  it.each(['', '-x', '__proto__', 'a b', 'a.b', 'a"b', 'ä', 'a\n', 'x'.repeat(33)])(
    'cannot be %j',
    (name) => {
      expect(isServerName(name)).toBe(false)
    },
  )
})

describe('the URL of a server', () => {
  it.each([
    ['  https://mcp.example.com/mcp\n', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com', 'https://mcp.example.com'],
    ['https://mcp.example.com/mcp/', 'https://mcp.example.com/mcp/'],
    ['HTTPS://MCP.Example.com:443/Mcp', 'https://mcp.example.com/Mcp'],
    ['http://localhost:7420/mcp?tenant=a&b=%2F', 'http://localhost:7420/mcp?tenant=a&b=%2F'],
  ])('is taken from %j', (typed, url) => {
    expect(parseServerUrl(typed)).toEqual({ ok: true, value: url })
  })

  it.each([
    ['mcp.example.com/mcp', 'not_a_url'],
    ['', 'not_a_url'],
    ['--yes', 'not_a_url'],
    ['ftp://mcp.example.com/mcp', 'not_http'],
    ['javascript:alert(1)', 'not_http'],
    ['https://ada:secret@mcp.example.com/mcp', 'has_credentials'],
    ['https://ada@mcp.example.com/mcp', 'has_credentials'],
    ['https://mcp.example.com/mcp#top', 'has_fragment'],
    ['https://mcp.example.com/mcp#', 'has_fragment'],
    ['https://mcp.example.com/$HOME', 'has_ambiguous_characters'],
    ['https://mcp.example.com/mcp?a=${SECRET}', 'has_ambiguous_characters'],
    ['https://mcp.example.com/mcp?a=`id`', 'has_ambiguous_characters'],
    ["https://mcp.example.com/it's", 'has_ambiguous_characters'],
    ['https://mcp.example.com/%USERNAME%', 'has_ambiguous_characters'],
    ['https://mcp.example.com/mcp?a=100%', 'has_ambiguous_characters'],
    ['https://mcp.example.com/mcp?a|b', 'has_ambiguous_characters'],
    [`https://mcp.example.com/${'x'.repeat(1024)}`, 'too_long'],
  ])('cannot be %j', (typed, reason) => {
    expect(parseServerUrl(typed)).toEqual({ ok: false, failure: { reason } })
  })

  it('is never something that a URL parser reads differently afterwards', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
        const parsed = parseServerUrl(url)
        const read = parsed.ok ? parsed.value : url
        expect(new URL(read).href).toBe(new URL(url).href)
      }),
    )
  })
})
