import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { clientName, duration, outcomeName, PARTY_NAMES } from '../../flow/describe.ts'
import { PARTIES, type Step, type Story } from '../../flow/story.ts'
import type { Markup } from '../../pages/layout.ts'
import { styleFor } from '../../pages/style.ts'
import { STYLE } from './style.ts'

/** Swaps the page for its newest version whenever something happens, or may have been missed. */
const SCRIPT = `
const main = document.querySelector('main')
async function refresh() {
  const response = await fetch('/')
  if (!response.ok) return
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  main.replaceChildren(...fresh.querySelector('main').childNodes)
}
if (location.pathname === '/') {
  const events = new EventSource('/events')
  for (const type of ['open', 'message']) events.addEventListener(type, refresh)
}
`
const ALL_STYLE = styleFor(undefined) + STYLE

/** Nothing is loaded, and only this origin is asked. Scripts and styles by their hashes. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${hashSource(ALL_STYLE)}`,
    `script-src ${hashSource(SCRIPT)}`,
    "connect-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** Every sign-in as a sequence diagram, the newest first. */
export function flowPage(stories: readonly Story[]): Promise<string> {
  return render(
    'Sign-ins',
    html`<h1>Sign-ins</h1>
      <p class="quiet">
        New ones appear by themselves, or when you reload. Only this computer can see this page.
      </p>
      <p class="note" role="status">${summary(stories)}</p>
      ${stories.map(drawStory)}`,
  )
}

function summary([newest]: readonly Story[]): string {
  return newest === undefined
    ? 'Nobody has begun to sign in yet.'
    : `The newest, ${newest.flow}: ${outcomeName(newest.outcome)}.`
}

/** What docs/doctor.md says about a code. */
export function codePage(code: string, text: string): Promise<string> {
  return render(
    code,
    html`<h1>${code}</h1>
      <pre>${text}</pre>
      <p><a href="/">All sign-ins</a></p>`,
  )
}

async function render(title: string, body: Markup): Promise<string> {
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · postern dev</title>
        ${raw(`<style>${ALL_STYLE}</style>`)}
      </head>
      <body>
        <main>${body}</main>
        ${raw(`<script>${SCRIPT}</script>`)}
      </body>
    </html>`
  return String(page)
}

function drawStory(story: Story): Markup {
  const { flow, outcome, stopped, reason, code, fix, subject, steps } = story
  return html`<article aria-labelledby="flow-${flow}">
    <h2 id="flow-${flow}">
      <code>${flow}</code> <span class="outcome ${outcome}">${outcomeName(outcome)}</span>
    </h2>
    <p>
      ${clientName(story) ?? 'Unknown client'}${subject === undefined ? '' : `, for ${subject}`}
      <span class="quiet">${new Date(story.startedAt).toISOString()}</span>
    </p>
    <div class="lanes" aria-hidden="true">
      ${PARTIES.map((party) => html`<span>${PARTY_NAMES[party]}</span>`)}
    </div>
    <ol class="steps">
      ${steps.map(drawStep)}
    </ol>
    ${
      stopped === undefined
        ? ''
        : html`<div class="note ${outcome === 'under-way' ? '' : 'warning'}">
            <p>
              <strong>${outcome === 'under-way' ? 'So far' : 'Stopped'}:</strong> ${stopped}${
                reason === undefined ? '' : html` (<code>${reason}</code>)`
              }
            </p>
            ${fix === undefined ? '' : html`<p>${withCode(fix)} ${code === undefined ? '' : link(code)}</p>`}
          </div>`
    }
  </article>`
}

function drawStep({ from, to, text, tookMs, guessed, failure }: Step): Markup {
  const [a, b] = [PARTIES.indexOf(from), PARTIES.indexOf(to)]
  const classes = [
    `span${Math.min(a, b)}${Math.max(a, b)}`,
    ...(a > b ? ['back'] : []),
    ...(failure === undefined ? [] : ['failure']),
    ...(guessed === true ? ['guessed'] : []),
  ]
  return html`<li>
    <div class="${classes.join(' ')}">
      <span class="who">${PARTY_NAMES[from]} to ${PARTY_NAMES[to]}:</span>
      ${text}
      ${failure === undefined ? '' : html`<strong>${failure.reason}</strong> ${failure.code === undefined ? '' : link(failure.code)}`}
      ${tookMs === 0 ? '' : html`<span class="took">after ${duration(tookMs)}</span>`}
      ${guessed === true ? html`<span class="took">probably this sign-in</span>` : ''}
    </div>
  </li>`
}

/** What stands between backticks is code. */
function withCode(text: string): Markup[] {
  return text
    .split('`')
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}

function link(code: string): Markup {
  return html`<a href="/doctor/${code}">${code}</a>`
}
