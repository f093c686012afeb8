import { html } from 'hono/html'
import type { Markup } from './layout.ts'

/**
 * How to make a client forget what it registered, and the redirect URIs that look like it. Those
 * prove nothing and need not: they only decide which advice comes first.
 */
const WAYS: readonly { redirectUri: RegExp; advice: Markup }[] = [
  {
    redirectUri: /^http:\/\/(?:localhost|127\.0\.0\.1):\d+\/oauth\/callback$/,
    advice: html`<strong>mcp-remote</strong>, which Claude Desktop and others start: delete its
      folder, then restart the app.
      <pre>rm -rf ~/.mcp-auth</pre>
      <p>On Windows, in the Command Prompt:</p>
      <pre>rmdir /s /q "%USERPROFILE%\\.mcp-auth"</pre>`,
  },
  {
    redirectUri: /^http:\/\/localhost:\d+\/callback$/,
    advice: html`<strong>Claude Code</strong>: type <code>/mcp</code>, choose this server, then
      “Clear authentication”.`,
  },
  {
    redirectUri: /^https:\/\/(?:insiders\.)?vscode\.dev\/|^http:\/\/127\.0\.0\.1:\d+\/$/,
    advice: html`<strong>VS Code</strong>: run “Authentication: Remove Dynamic Authentication
      Providers” from the Command Palette.`,
  },
  {
    redirectUri: /^cursor:|^https:\/\/www\.cursor\.com\/|^http:\/\/localhost:8787\/callback$/,
    advice: html`<strong>Cursor</strong>: in its settings, under MCP, log out of this server and
      connect again.`,
  },
]

export function forgetting(redirectUri: string): Markup {
  const isLikely = (way: (typeof WAYS)[number]): boolean => way.redirectUri.test(redirectUri)
  const ways = [...WAYS.filter(isLikely), ...WAYS.filter((way) => !isLikely(way))]
  return html`<p>Make the app forget it, by whichever of these fits. Then connect again.</p>
    <ul>
      ${ways.map(({ advice }) => html`<li>${advice}</li>`)}
      <li><strong>Any other app</strong>: remove this server and add it again.</li>
    </ul>`
}
