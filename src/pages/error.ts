import { html } from 'hono/html'
import type { OAuthError } from '../protocol/oauth-error.ts'
import { layout, type Markup } from './layout.ts'

/** What happened, and what to do about it. */
export function errorPage(error: OAuthError, advice: Markup): Markup {
  return layout(
    'Sign-in stopped',
    html`<h1>Sign-in stopped</h1>
      <p>${error.description}.</p>
      ${advice}
      <p class="quiet">Error code: <code>${error.error}</code></p>`,
  )
}

/** A client_id that this server cannot read: the app must register again. */
export function staleClientAdvice(): Markup {
  return html`<h2>What to do</h2>
    <p>Your app remembers a registration that this server does not know. Make it forget:</p>
    <ul>
      <li>
        mcp-remote: delete the folder <code>.mcp-auth</code> in your home folder, then restart.
      </li>
      <li>Claude Code: run <code>/mcp</code>, choose the server, then “Clear authentication”.</li>
      <li>Other apps: remove the server and add it again.</li>
    </ul>`
}

export function retryAdvice(): Markup {
  return html`<h2>What to do</h2>
    <p>
      Close this page and start signing in again from your app. If it happens again, send the
      operator of this server the text of this page.
    </p>`
}

export function appFaultAdvice(): Markup {
  return html`<h2>What to do</h2>
    <p>
      The app sent a request that this server must refuse. Nothing that you entered is at fault.
      Report the text of this page to whoever makes the app.
    </p>`
}

export function outageAdvice(who = 'The sign-in service behind this server'): Markup {
  return html`<h2>What to do</h2>
    <p>${who} does not answer. Wait a moment, then reload this page.</p>`
}
