import { html } from 'hono/html'
import type { Markup, Page } from './layout.ts'
import { scopeList } from './parts.ts'

/** What a person must know before letting an app act for them. */
export interface ConsentPage {
  /** Proven by its redirect URIs, where it is. */
  knownClient?: string
  /** What the app calls itself; proves nothing. */
  claimedName?: string
  /**
   * Host of the document that a client published about itself (draft-02 §8.5). It vouches for the
   * app where the app is sent to by https: whatever runs on a computer can present any document.
   */
  publisher?: { host: string; isProven: boolean }
  redirectHost: string
  isLoopback: boolean
  resourceName: string
  resource: string
  scopes: readonly string[]
  /** What the form brings back. */
  fields: Readonly<Record<string, string>>
  action: string
  flow?: string | undefined
}

export function consentPage(page: ConsentPage): Page {
  const who =
    page.knownClient ??
    (page.publisher?.isProven === true ? `an app of ${page.publisher.host}` : 'an unverified app')
  return {
    title: `Allow access to ${page.resourceName}?`,
    ...(page.flow === undefined ? {} : { flow: page.flow }),
    body: html`<h1>Allow ${who} to use ${page.resourceName}?</h1>
      ${page.knownClient === undefined ? unverified(page) : ''}
      <dl>
        ${
          page.publisher === undefined
            ? ''
            : html`<dt>Described by</dt>
                <dd>${page.publisher.host}</dd>`
        }
        <dt>Server</dt>
        <dd><strong>${page.resourceName}</strong> <code>${page.resource}</code></dd>
        <dt>It may use</dt>
        <dd>${scopeList(page.scopes)}</dd>
        <dt>Then takes you to</dt>
        <dd>
          <strong>${page.redirectHost}</strong>
          ${page.isLoopback ? html`<span>an app on this computer</span>` : ''}
        </dd>
      </dl>
      ${
        page.isLoopback
          ? html`<div class="note warning" role="note">
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
          <button class="primary" name="action" value="approve">Continue</button>
          <button name="action" value="deny">Cancel</button>
        </div>
      </form>
      <p class="quiet">
        Continue takes you to your organisation’s sign-in page. Cancel tells the app that you
        declined.
      </p>`,
  }
}

function unverified({ publisher, claimedName }: ConsentPage): Markup {
  if (claimedName === undefined)
    return html`<p>The app gave no name, and nothing proves who made it.</p>`
  const name = html`<strong><bdi>${claimedName}</bdi></strong>`
  if (publisher === undefined)
    return html`<p>
      An unverified app calling itself ${name}. Anyone can choose that name: nothing proves who made
      the app.
    </p>`
  return publisher.isProven
    ? html`<p>
        It calls itself ${name}. Anyone can choose that name; certain is only that it comes from
        ${publisher.host}.
      </p>`
    : html`<p>
        An app on a computer that says it is ${name}, as ${publisher.host} describes it. Any program
        on that computer can say so.
      </p>`
}
