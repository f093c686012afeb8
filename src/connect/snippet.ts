import type { Configuration, McpServer } from './target.ts'

/** What stands in a client's configuration file for this server alone. */
export function buildSnippet({ format, section, entry }: Configuration, server: McpServer): string {
  const values = entry(server)
  if (format === 'json')
    return `${JSON.stringify({ [section]: { [server.name]: values } }, null, 2)}\n`
  // A name needs quotes in neither, and JSON's way to write values is valid in both.
  const [head, indent, separator] =
    format === 'toml'
      ? [`[${section}.${server.name}]`, '', ' = ']
      : [`${section}:\n  ${server.name}:`, '    ', ': ']
  const lines = Object.entries(values).map(
    ([key, value]) => `${indent}${key}${separator}${JSON.stringify(value)}\n`,
  )
  return `${head}\n${lines.join('')}`
}
