import { html } from 'hono/html'
import { layout, type Markup } from './layout.ts'

/** What a person must know before letting an app act for them. */
export interface ConsentPage {
  /** Proven by its redirect URIs, where it is. */
  knownClient?: string
  /** What the app calls itself; proves nothing. */
  claimedName?: string
  redirectHost: string
  isLoopback: boolean
  resourceName: string
  resource: string
  scopes: readonly string[]
  /** What the form brings back. */
  fields: Readonly<Record<string, string>>
  action: string
}

export function consentPage(page: ConsentPage): Markup {
  const who = page.knownClient ?? 'an unverified app'
  return layout(
    `Allow access to ${page.resourceName}?`,
    html`<h1>Allow ${who} to use ${page.resourceName}?</h1>
      ${page.knownClient === undefined ? unverified(page) : ''}
      <dl>
        <dt>Server</dt>
        <dd>${page.resource}</dd>
        <dt>You will be sent to</dt>
        <dd>${page.redirectHost}${page.isLoopback ? ' (an app on this computer)' : ''}</dd>
        <dt>Access asked for</dt>
        <dd>${page.scopes.join(', ')}</dd>
      </dl>
      ${
        page.isLoopback
          ? html`<div class="warning" role="note">
              <p>
                Continue only if you have just started this yourself, in an app on this computer.
                Afterwards, never copy the address that your browser shows to anyone.
              </p>
            </div>`
          : ''
      }
      <form method="post" action="${page.action}">
        ${Object.entries(page.fields).map(
          ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
        )}
        <div class="actions">
          <button class="primary" type="submit" name="action" value="approve">Continue</button>
          <button type="submit" name="action" value="deny">Cancel</button>
        </div>
      </form>
      <p class="quiet">Continue takes you to your organisation’s sign-in page.</p>`,
  )
}

function unverified(page: ConsentPage): Markup {
  return page.claimedName === undefined
    ? html`<p>The app gave no name, and nothing proves who made it.</p>`
    : html`<p>
        An unverified app calling itself <strong><bdi>${page.claimedName}</bdi></strong
        >. Anyone can choose that name: nothing proves who made the app.
      </p>`
}
