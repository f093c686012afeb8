import { html } from 'hono/html'
import { layout, type Markup } from './layout.ts'

/**
 * Moves the browser on by itself, with a link for where it does not. A page instead of a redirect,
 * because Chromium applies the consent page's `form-action` to every redirect that follows.
 */
export function onwardPage(page: { title: string; text: string; url: string }): Markup {
  return layout(
    page.title,
    html`<h1>${page.title}</h1>
      <p>${page.text}</p>
      <p class="actions"><a class="button primary" href="${page.url}">Continue</a></p>`,
    html`<meta http-equiv="refresh" content="0;url=${page.url}" />`,
  )
}
