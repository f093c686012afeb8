import type { Answer } from './ask.ts'

/** A form that only asks whether to go on. */
export interface ConsentForm {
  action: URL
  fields: URLSearchParams
}

// Patterns end with the text where what would close them is missing: hostile pages repeat what opens
// them, and looking for the end anew each time would take minutes.
const FORM = /<form\b([^>]*)(?:>|$)([^]*?)(?:<\/form>|$)/i
const INPUT = /<input\b([^>]*)(?:>|$)/gi
const BUTTON = /<button\b([^>]*)(?:>|$)([^]*?)(?:<\/button>|$)/gi
const META = /<meta\b([^>]*)(?:>|$)/gi

const YES = /allow|approve|accept|authori[sz]e|continue|confirm|grant|yes/i
const NO = /deny|cancel|reject|decline|refuse/i

/** The form that a person would approve; undefined where something has to be filled in. */
export function findConsentForm(answer: Answer, page: URL): ConsentForm | undefined {
  if (answer.status !== 200 || answer.contentType !== 'text/html') return undefined
  const form = FORM.exec(answer.text)
  if (form === null) return undefined
  const [, attributes = '', content = ''] = form
  if (attribute(attributes, 'method')?.toLowerCase() !== 'post') return undefined
  const inputs = [...content.matchAll(INPUT)].map(([, inside = '']) => inside)
  const types = inputs.map((input) => attribute(input, 'type')?.toLowerCase() ?? 'text')
  if (types.some((type) => !['hidden', 'submit', 'checkbox'].includes(type))) return undefined
  const action = URL.parse(attribute(attributes, 'action') ?? '', page)
  if (action?.origin !== page.origin) return undefined

  const fields = new URLSearchParams()
  for (const [index, input] of inputs.entries()) {
    const name = attribute(input, 'name')
    const isSent = types[index] === 'hidden' || /\bchecked\b/i.test(input)
    if (name !== undefined && isSent) fields.append(name, attribute(input, 'value') ?? '')
  }
  const button = chooseButton(content, inputs, types)
  if (button !== undefined) fields.append(...button)
  return { action, fields }
}

function chooseButton(
  content: string,
  inputs: readonly string[],
  types: readonly string[],
): [name: string, value: string] | undefined {
  const buttons = [
    ...[...content.matchAll(BUTTON)].map(([, inside = '', label = '']) => ({
      inside,
      label: `${inside} ${label}`,
    })),
    ...inputs
      .filter((_, index) => types[index] === 'submit')
      .map((inside) => ({ inside, label: inside })),
  ]
  const chosen =
    buttons.find(({ label }) => YES.test(label) && !NO.test(label)) ??
    buttons.find(({ label }) => !NO.test(label))
  const name = chosen && attribute(chosen.inside, 'name')
  return chosen === undefined || name === undefined
    ? undefined
    : [name, attribute(chosen.inside, 'value') ?? '']
}

/** Where a page sends the browser by itself. */
export function findRefresh(text: string): string | null {
  const tags = [...text.matchAll(META)].map(([, attributes = '']) => attributes)
  const tag = tags.find((each) => attribute(each, 'http-equiv')?.toLowerCase() === 'refresh')
  const content = tag === undefined ? undefined : attribute(tag, 'content')
  return /^\s*\d+\s*;\s*url=\s*['"]?([^'"]+)/i.exec(content ?? '')?.[1] ?? null
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(
    `(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`,
    'i',
  ).exec(tag)
  const value = match?.[1] ?? match?.[2] ?? match?.[3]
  return value === undefined ? undefined : unescapeHtml(value)
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll(/&#0?39;|&apos;/g, "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll(/&#(?:x2f|47);/gi, '/')
    .replaceAll('&amp;', '&')
}
