import type { BrandColours } from '../config/branding.ts'

/** The one style sheet. What a brand changes follows it. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c211f; --quiet: #59615e; --paper: #f4f3ef; --card: #fffefb;
  --line: #dcdad2; --field: #8b918d; --accent: #0b6457; --fill: #0b6457; --on-fill: #fff;
  --tint: #eef3ef; --warn: #fdf1d8; --warn-line: #a86b00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebe8; --quiet: #a3ada9; --paper: #101413; --card: #1a201f; --line: #323a38;
    --field: #75807c; --accent: #6fd0bb; --fill: #6fd0bb; --on-fill: #06201b; --tint: #212927;
    --warn: #33270f; --warn-line: #e0a53a; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 40rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
header { display: flex; align-items: center; gap: .6rem; margin: 1vh 0 1rem; font-weight: 600; }
header img, header svg { flex: none; width: auto; height: 2rem; max-width: 8rem; color: var(--accent); }
main { padding: 1.75rem 2rem 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 1rem; box-shadow: 0 1px 2px #0000000a, 0 8px 24px #0000000a; }
footer { margin: 1rem 0 0; color: var(--quiet); font-size: .875rem; }
h1 { margin: 0 0 .75rem; font-size: 1.625rem; line-height: 1.25; letter-spacing: -.01em;
  text-wrap: balance; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1.0625rem; line-height: 1.35; }
p { margin: .5rem 0; } ul, ol { margin: .5rem 0; padding-left: 1.25rem; } li { margin: .35rem 0; }
dl { margin: 1.25rem 0; display: grid; grid-template-columns: minmax(7rem, auto) 1fr;
  border-top: 1px solid var(--line); }
dt, dd { margin: 0; padding: .6rem 0; border-bottom: 1px solid var(--line); }
dt { padding-right: 1.25rem; color: var(--quiet); } dd > * { display: block; }
code, pre, .value { font: .875rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.eyebrow { margin: 0 0 .35rem; color: var(--quiet); font-size: .875rem; }
.quiet { color: var(--quiet); font-size: .875rem; }
.scopes { display: flex; flex-wrap: wrap; gap: .4rem; margin: 0; padding: 0; list-style: none; }
.scopes li { margin: 0; padding: 0 .5rem; background: var(--tint); border-radius: .35rem; }
.note { margin: 1.25rem 0; padding: .75rem 1rem; background: var(--tint); border-radius: .5rem;
  border-left: 4px solid var(--accent); }
.warning { background: var(--warn); border-color: var(--warn-line); }
.note > :first-child { margin-top: 0; } .note > :last-child { margin-bottom: 0; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 1rem; }
button, .button { display: inline-block; font: inherit; font-weight: 600; line-height: 1.4;
  padding: .6rem 1.35rem; border-radius: .6rem; border: 1px solid var(--field);
  background: var(--card); color: var(--ink); text-decoration: none; cursor: pointer; }
.primary { background: var(--fill); border-color: var(--accent); color: var(--on-fill); }
button:hover, .button:hover { box-shadow: 0 0 0 3px var(--line); }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .35rem; }
.copy { display: grid; grid-template-columns: 1fr auto; align-items: end; gap: .35rem .75rem; margin: 1rem 0; }
.copy figcaption { color: var(--quiet); font-size: .875rem; } .copy span::before { content: '· '; }
.copy button { padding: .2rem .75rem; font-size: .875rem; }
pre { grid-column: 1 / -1; margin: 0; padding: .75rem 1rem; background: var(--tint);
  border: 1px solid var(--line); border-radius: .5rem; white-space: pre-wrap; }
.copy pre { -webkit-user-select: all; user-select: all; }
details { border-top: 1px solid var(--line); } details:last-of-type { border-bottom: 1px solid var(--line); }
summary { padding: .65rem 0; cursor: pointer; } summary h3 { display: inline; }
h3 { font-size: 1rem; } [hidden] { display: none; }
@media (max-width: 30rem) { main { padding: 1.25rem; } dl { grid-template-columns: 1fr; }
  dt { padding-bottom: 0; border: 0; } dd { padding-top: 0; } .actions > * { flex: 1 1 8rem; } }
@media (forced-colors: active) { .note, button, .button { border: 1px solid; } }
`

export function styleFor(colours: BrandColours | undefined): string {
  if (colours === undefined) return STYLE
  const { accent, fill, onFill } = colours
  return `${STYLE}:root { --accent: ${accent.light}; --fill: ${fill}; --on-fill: ${onFill}; }
@media (prefers-color-scheme: dark) { :root { --accent: ${accent.dark}; --fill: ${fill};
  --on-fill: ${onFill}; } }
`
}
