/** One way to write the path of an MCP server, for a server or proxy to read differently. */
export interface PathSpelling {
  /** Request target, to be sent byte for byte. */
  target: string
  /** What it plays on. */
  trick: string
}

/** For a path such as `/mcp`: one segment, lower case. */
export function pathSpellings(path: string): PathSpelling[] {
  const name = path.slice(1)
  const first = name.slice(0, 1)
  const rest = name.slice(1)
  const encoded = (character: string) => `%${character.charCodeAt(0).toString(16)}`
  const last = name.slice(-1)
  const start = name.slice(0, -1)
  const spellings: [trick: string, ...targets: string[]][] = [
    ['as it is', path, `${path}?`, `${path}?a=b`, `${path}?a=/b/../c`],
    ['trailing slash', `${path}/`, `${path}//`, `${path}/?a`, `${path}%2F`, `${path}%2f`],
    ['leading slashes', `/${path}`, `//${path}`, `/%2F${name}`, `%2F${name}`, `/%2f%2f${name}`],
    [
      'case',
      path.toUpperCase(),
      `/${first.toUpperCase()}${rest}`,
      `/${start}${last.toUpperCase()}`,
    ],
    [
      'needless encoding',
      `/${encoded(first)}${rest}`,
      `/${encoded(first).toUpperCase()}${rest}`,
      `/${start}${encoded(last)}`,
      `/${[...name].map(encoded).join('')}`,
      `/${encoded(first)}${rest}/`,
    ],
    [
      'twice encoded',
      `/%25${encoded(first).slice(1)}${rest}`,
      `${path}%252F`,
      `/%252e%252e${path}`,
    ],
    [
      'dot segments',
      `/.${path}`,
      `/..${path}`,
      `/a/..${path}`,
      `/a/b/../..${path}`,
      `${path}/.`,
      `${path}/..`,
      `${path}/a/..`,
      `${path}/./`,
      `${path}/..${path}`,
    ],
    [
      'encoded dot segments',
      `/%2e${path}`,
      `/%2e%2e${path}`,
      `/a/%2e%2e${path}`,
      `/a/.%2e${path}`,
      `${path}/%2e`,
      `/a%2f..${path}`,
      `/a/..%2f${name}`,
    ],
    [
      'backslashes',
      `/\\${name}`,
      `\\${name}`,
      `${path}\\`,
      `/a\\..${path}`,
      `/%5c${name}`,
      `${path}%5c`,
    ],
    ['path parameters', `${path};`, `${path};a=b`, `/;${path}`, `/a;/..${path}`],
    ['encoded delimiters', `${path}%3F`, `${path}%3Fa=b`, `${path}%23`, `${path}%3B`, `${path}%26`],
    ['fragment', `${path}#`, `${path}#a`, `/#${path}`],
    [
      'control characters',
      `${path}%00`,
      `${path}%0a`,
      `${path}%0d%0a`,
      `/%00${path}`,
      `${path}%09`,
    ],
    ['white space', `${path}%20`, `/%20${name}`, `${path}+`, `${path}%C2%A0`],
    [
      'broken encoding',
      `${path}%`,
      `${path}%2`,
      `${path}%zz`,
      `${path}%c0%af`,
      `/%c0%ae%c0%ae${path}`,
    ],
    ['look-alikes', `/${start}${last}\u0301`, `${path}%E2%80%8B`, `/%EF%BD%8D${rest}`],
    ['more segments', `${path}/a`, `${path}.json`, `${path}x`, `/a${path}`, `/$default${path}`],
    [
      'other forms of target',
      `https://mcp.example.com${path}`,
      `//mcp.example.com${path}`,
      '*',
      name,
    ],
  ]
  return spellings.flatMap(([trick, ...targets]) => targets.map((target) => ({ target, trick })))
}
