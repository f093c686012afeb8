import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { setXsrfCookie, xsrfToken, type Handler } from './http.ts'
import type { Pool } from './pool.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: #16191f; --paper: #ffffff; --line: #687078; --alarm: #b3180b; --act: #0b5cad; --on-act: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ebed; --paper: #16191f; --line: #9aa5b1; --alarm: #ff9b8f; --act: #7cc0ff; --on-act: #0b1a2b; } }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
.mark { margin: 0; padding: .5rem 1rem; text-align: center; font-weight: 600; border-bottom: 3px double var(--line); }
main { max-width: 22rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .3rem; }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; font-weight: 600; color: var(--on-act); background: var(--act); border: 0; border-radius: .3rem; cursor: pointer; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
[role=alert] { padding: .6rem; color: var(--alarm); border: 1px solid currentcolor; border-radius: .3rem; }
`

/**
 * No `form-action`: Chromium applies it to every redirect that follows a form post, and sign-in ends
 * at the client's redirect_uri. No scripts at all.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`)

type Markup = ReturnType<typeof html>

async function toPage(title: string, body: Markup, status: number): Promise<Response> {
  const markup = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Demo user pool</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <p class="mark">Demo user pool — not Amazon Cognito</p>
        <main>${body}</main>
      </body>
    </html>`
  return new Response(markup.toString(), {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
    },
  })
}

export async function toLoginPage(
  pool: Pool,
  request: Request,
  form: { action: string; username: string; alert?: string },
): Promise<Response> {
  const alert = form.alert === undefined ? '' : html`<p id="alert" role="alert">${form.alert}</p>`
  // The token is both in the form and in the cookie; a foreign page can set neither.
  const csrf = xsrfToken(pool, request)
  const body = html`<h1>Sign in</h1>
    ${alert}
    <form method="post" action="${form.action}">
      <input type="hidden" name="_csrf" value="${csrf}" />
      <label for="username">Username</label>
      <input
        id="username"
        name="username"
        value="${form.username}"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        required
      />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
      />
      <button type="submit">Sign in</button>
    </form>
    ${pool.selfSignUp ? html`<p><a href="/signup">Create an account</a></p>` : ''}`
  const response = await toPage('Sign in', body, form.alert === undefined ? 200 : 400)
  setXsrfCookie(pool, response, csrf)
  return response
}

/** Developer guide, App clients: without an identity provider there is nothing to choose from. */
export function toEmptyLoginPage(): Promise<Response> {
  return toPage('Sign in', html`<h1>Sign in</h1>`, 200)
}

/** Developer guide, Apply branding to managed login pages: no style, no page. */
export function toUnavailablePage(): Promise<Response> {
  const body = html`<h1>Login pages unavailable</h1>
    <p>Please contact an administrator.</p>`
  return toPage('Login pages unavailable', body, 403)
}

/** Only codes that the twin itself sends are shown: the address is anybody's to write. */
const ERRORS: Record<string, string> = {
  redirect_mismatch: 'The app client is unknown, or its callback URL is not registered exactly.',
  invalid_request: 'A required parameter is missing or malformed.',
  invalid_scope: 'A requested scope is unknown or not enabled for the app client.',
}

/** Domain's own `/error` page: HTTP 400, and the client never hears of it. */
export const handleErrorPage: Handler = (_pool, request) => {
  const code = new URL(request.url).searchParams.get('error') ?? ''
  const text = Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined
  const body = html`<h1>An error was encountered with the requested page.</h1>
    ${text === undefined ? '' : html`<p><code>${code}</code></p>`}
    <p>${text ?? 'Go back to the app and try again.'}</p>`
  return toPage('Error', body, 400)
}
