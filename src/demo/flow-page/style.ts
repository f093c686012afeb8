import { PARTIES } from '../../flow/story.ts'

/** Two grid columns a lane, so that lines between columns 2, 4 … are the middles of lanes. */
const SPANS = PARTIES.flatMap((_, from) =>
  PARTIES.slice(from + 1).map((__, at) => {
    const to = from + 1 + at
    return `.span${from}${to} { grid-column: ${2 * from + 2} / ${2 * to + 2}; }`
  }),
).join('\n')

/** What the diagrams need beyond the style of all pages. */
export const STYLE: string = `
:root { --bad: #b3261e; } @media (prefers-color-scheme: dark) { :root { --bad: #ff9a90; } }
body { max-width: 64rem; } main { padding: 1.5rem; }
article { margin: 1.5rem 0 0; padding: 1rem 0 0; border-top: 1px solid var(--line); }
article h2 { margin: 0; }
.outcome { margin-left: .5rem; padding: .1rem .5rem; border: 1px solid; border-radius: .4rem;
  font-size: .875rem; }
.outcome.signed-in { color: var(--accent); } .outcome.failed { color: var(--bad); }
.lanes, .steps li { display: grid; grid-template-columns: repeat(10, 1fr); }
.lanes { margin-top: 1rem; text-align: center; font-weight: 600; font-size: .875rem; }
.lanes span { grid-column: span 2; }
.steps { margin: 0 0 1rem; padding: 0; list-style: none; }
.steps li { margin: 0; padding: .5rem 0; font-size: .875rem; line-height: 1.35;
  background: linear-gradient(90deg, var(--line) 1px, transparent 1px) 12.5% 0 / 20% 100% repeat-x; }
.steps li > div { position: relative; padding: 0 .25rem .35rem; text-align: center;
  border-bottom: 2px solid var(--accent); color: var(--ink); background: var(--card); }
.steps li > div::after { content: ''; position: absolute; right: -1px; bottom: -6px;
  border: 5px solid transparent; border-left: 8px solid var(--accent); border-right: 0; }
.steps li > .back::after { right: auto; left: -1px; border: 5px solid transparent;
  border-right: 8px solid var(--accent); border-left: 0; }
.steps li > .guessed { border-bottom-style: dashed; }
.steps li > .failure { border-color: var(--bad); color: var(--bad); }
.steps li > .failure::after { border-left-color: var(--bad); }
.steps li > .failure.back::after { border-right-color: var(--bad); border-left-color: transparent; }
.failure a { color: var(--bad); }
.took { display: block; color: var(--quiet); }
.who { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
${SPANS}
@media (max-width: 44rem) {
  .lanes { display: none; } .steps li { display: block; padding: 0; background: none; }
  .steps li > div { padding: .5rem 0; text-align: left; border-bottom: 1px solid var(--line); }
  .steps li > div::after { display: none; }
  .who { position: static; width: auto; height: auto; clip-path: none; white-space: normal;
    font-weight: 600; display: block; }
}
`
