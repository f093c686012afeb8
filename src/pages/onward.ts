import { html } from 'hono/html'
import type { Page } from './layout.ts'

export interface Onward {
  title: string
  text: string
  url: string
  flow?: string | undefined
}

/**
 * Moves the browser on by itself, with a link for where it does not. A page instead of a redirect,
 * because Chromium applies the consent page's `form-action` to every redirect that follows.
 */
export function onwardPage({ title, text, url, ...rest }: Onward): Page {
  return {
    title,
    ...rest,
    onwardTo: url,
    body: html`<h1>${title}</h1>
      <p>${text}</p>
      <p class="actions"><a class="button primary" href="${url}">Continue</a></p>
      <p class="quiet">If nothing happens within a few seconds, choose Continue.</p>`,
  }
}
