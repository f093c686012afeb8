import { html } from 'hono/html'
import type { OAuthError } from '../protocol/oauth-error.ts'
import type { Explanation, Fault } from './explanations.ts'
import { forgetting } from './forgetting.ts'
import type { Page } from './layout.ts'

const WHO: Readonly<Record<Fault, string>> = {
  nobody: 'Nobody’s: nothing is broken',
  browser: 'Your browser’s',
  app: 'The app’s, not yours',
  operator: 'This server’s operator’s, not yours',
  'identity-provider': 'The identity provider’s, not yours',
}

/** What happened, whose fault it is, what to do, and what to quote. */
export function errorPage(
  error: Pick<OAuthError, 'error' | 'description'>,
  explanation: Explanation,
  about: { flow?: string | undefined; redirectUri?: string | null } = {},
): Page {
  const { title, text, fault, steps, staleClient } = explanation
  return {
    title,
    ...(about.flow === undefined ? {} : { flow: about.flow }),
    body: html`<p class="eyebrow">Sign-in stopped</p>
      <h1>${title}</h1>
      <p>${text}</p>
      <h2>What to do</h2>
      ${staleClient === true ? forgetting(about.redirectUri ?? '') : ''}
      ${
        steps.length === 0
          ? ''
          : html`<ol>
              ${steps.map((step) => html`<li>${step}</li>`)}
            </ol>`
      }
      <dl>
        <dt>Whose fault</dt>
        <dd>${WHO[fault]}</dd>
        <dt>What was wrong</dt>
        <dd>${error.description}</dd>
        <dt>Error code</dt>
        <dd><code>${error.error}</code></dd>
      </dl>`,
  }
}

export function notFoundPage(): Page {
  return {
    title: 'There is nothing at this address',
    body: html`<p class="eyebrow">404</p>
      <h1>There is nothing at this address</h1>
      <p>It may be mistyped, or the link that led here is wrong. Nothing is broken.</p>
      <p class="actions"><a class="button primary" href="/">How to connect an app</a></p>`,
  }
}
