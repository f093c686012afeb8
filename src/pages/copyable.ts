import { html } from 'hono/html'
import type { Markup } from './layout.ts'

/**
 * Text to take along. One click selects all of it, without scripts as well; with scripts the button
 * comes out of hiding.
 */
export function copyable(label: string, text: string): Markup {
  return html`<figure class="copy">
    <figcaption>${label} <span>click to select</span></figcaption>
    <button type="button" hidden aria-label="Copy ${label}">Copy</button>
    <pre
      tabindex="0"
      role="textbox"
      aria-readonly="true"
      aria-multiline="true"
      aria-label="${label}"
    >
${text}</pre>
  </figure>`
}

/** Constant: what is copied is read from the page. Selecting is for where the clipboard is shut. */
export const COPY_SCRIPT = `
for (const figure of document.querySelectorAll('.copy')) {
  const button = figure.querySelector('button')
  const text = figure.querySelector('pre')
  figure.querySelector('span').remove()
  button.hidden = false
  button.onclick = async () => {
    getSelection().selectAllChildren(text)
    try { await navigator.clipboard.writeText(text.textContent) } catch { document.execCommand('copy') }
    button.textContent = 'Copied'
    document.querySelector('[role=status]').textContent = 'Copied'
    setTimeout(() => { button.textContent = 'Copy' }, 2000)
  }
}
`
