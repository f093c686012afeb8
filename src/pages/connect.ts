import { html } from 'hono/html'
import { layout, type Markup } from './layout.ts'

/** For a person who opened the MCP URL in a browser. */
export function connectPage(page: { resource: string; name: string }): Markup {
  const desktop = {
    mcpServers: {
      [new URL(page.resource).hostname]: {
        command: 'npx',
        args: ['-y', 'mcp-remote@latest', page.resource],
      },
    },
  }
  return layout(
    `${page.name}: MCP server`,
    html`<h1>${page.name} is an MCP server</h1>
      <p>It is made for apps such as Claude or VS Code. Give your app this address:</p>
      <pre>${page.resource}</pre>
      <h2>Claude Desktop</h2>
      <p>Add this to <code>claude_desktop_config.json</code>:</p>
      <pre>${JSON.stringify(desktop, null, 2)}</pre>
      <h2>Claude Code</h2>
      <pre>
claude mcp add --transport http ${new URL(page.resource).hostname} ${page.resource}</pre>`,
  )
}
