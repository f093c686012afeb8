import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #57606a; --paper: #f6f7f9; --card: #fff;
  --line: #d0d7de; --accent: #1f5fbf; --on-accent: #fff; --warn: #fff4d6; --warn-line: #bf8700; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9da7b1; --paper: #0d1117; --card: #161b22; --line: #3d444d;
    --accent: #58a6ff; --on-accent: #04101f; --warn: #2f2610; --warn-line: #d29922; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 4vh auto 0; padding: 1.75rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3; }
h2 { margin: 1.25rem 0 .25rem; font-size: 1rem; }
p { margin: .5rem 0; } ul { margin: .25rem 0; padding-left: 1.25rem; }
dl { margin: 1rem 0; display: grid; grid-template-columns: auto 1fr; gap: .35rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; font-weight: 600; }
code, pre { font: .9em ui-monospace, monospace; }
pre { padding: .75rem; border: 1px solid var(--line); border-radius: .5rem; white-space: pre-wrap; }
.quiet { color: var(--quiet); font-size: .9rem; }
.warning { margin: 1rem 0; padding: .75rem 1rem; background: var(--warn);
  border-left: 4px solid var(--warn-line); border-radius: .25rem; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button, .button { font: inherit; font-weight: 600; padding: .6rem 1.25rem; border-radius: .5rem;
  border: 1px solid var(--line); background: var(--card); color: var(--ink); cursor: pointer;
  text-decoration: none; display: inline-block; }
button.primary, .button.primary { background: var(--accent); border-color: var(--accent);
  color: var(--on-accent); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (max-width: 24rem) { dl { grid-template-columns: 1fr; } main { padding: 1.25rem; } }
`

/** A whole page. Everything interpolated into `body` has been escaped by `html`. */
export function layout(title: string, body: Markup, head: Markup = raw('')): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        ${raw(`<style>${STYLE}</style>`)} ${head}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`
}

let policy: Promise<string> | undefined

/**
 * Response headers of every page. No script at all; the one style sheet by its hash. `form-action`
 * stays at 'self': Chromium applies it to the whole redirect chain, so forms are answered by a page
 * that moves on, never by a redirect.
 */
export async function pageHeaders(): Promise<Record<string, string>> {
  policy ??= contentSecurityPolicy()
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': await policy,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
  }
}

async function contentSecurityPolicy(): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE))
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)))
  return [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}
