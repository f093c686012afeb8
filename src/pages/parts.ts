import { html } from 'hono/html'
import type { Markup } from './layout.ts'

export function scopeList(scopes: readonly string[]): Markup {
  return html`<ul class="scopes">
    ${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}
  </ul>`
}
