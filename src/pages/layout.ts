import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { GateConfig } from '../config/gate-config.ts'
import { utf8 } from '../crypto/digest.ts'
import { styleFor } from './style.ts'

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>

/** Whose pages they are. */
export type Site = Pick<GateConfig, 'issuer' | 'branding'>

/** What a page says. Everything interpolated into `body` has been escaped by `html`. */
export interface Page {
  title: string
  body: Markup
  /** Where the browser goes on to by itself, at once. */
  onwardTo?: string
  /** Run where scripts are allowed; the page must work without. */
  script?: string
  /** Names the sign-in, to be quoted to the operator. */
  flow?: string | undefined
}

/** A door in a wall. */
const MARK = raw(
  '<svg viewBox="0 0 32 32" fill="currentColor" aria-hidden="true"><path fill-rule="evenodd" d="M4 0h24a4 4 0 0 1 4 4v24a4 4 0 0 1-4 4h-3V16a9 9 0 0 0-18 0v16H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4Z"/><path d="M16 10a6 6 0 0 0-6 6v16h12V16a6 6 0 0 0-6-6Zm3 13.500a1.500 1.500 0 1 1 0-3 1.500 1.500 0 0 1 0 3Z"/></svg>',
)

/** A whole page and the headers it must be sent with. */
export async function renderPage(
  site: Site,
  page: Page,
): Promise<{ headers: Record<string, string>; body: string }> {
  const { name, logo, colours } = site.branding
  const style = styleFor(colours)
  const { onwardTo, script, flow } = page
  const body = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${page.title} · ${name}</title>
        ${raw(`<style>${style}</style>`)}
        ${onwardTo === undefined ? '' : html`<meta http-equiv="refresh" content="0;url=${onwardTo}" />`}
      </head>
      <body>
        <header>
          ${logo === undefined ? MARK : html`<img src="${logo}" alt="" />`}
          <span>${name}</span>
        </header>
        <main>${page.body}</main>
        <footer>
          ${
            flow === undefined
              ? ''
              : html`<p>Flow id <code>${flow}</code>: quote it when you ask for help.</p>`
          }
          <p>Postern guards ${new URL(site.issuer).host}</p>
        </footer>
        ${script === undefined ? '' : raw(`<script>${script}</script>`)}
      </body>
    </html>`
  return { headers: pageHeaders(await policy(style, script, logo)), body: String(body) }
}

function pageHeaders(contentSecurityPolicy: string): Record<string, string> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': contentSecurityPolicy,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
  }
}

/**
 * Style sheet and script by their hashes, and nothing is loaded. `form-action` stays at 'self':
 * Chromium applies it to the whole redirect chain, so forms are answered by a page that moves on,
 * never by a redirect.
 */
async function policy(
  style: string,
  script: string | undefined,
  logo: string | undefined,
): Promise<string> {
  return [
    "default-src 'none'",
    `style-src ${await hashSource(style)}`,
    ...(script === undefined ? [] : [`script-src ${await hashSource(script)}`]),
    ...(logo === undefined ? [] : ['img-src data:']),
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

async function hashSource(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8(text))
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`
}
