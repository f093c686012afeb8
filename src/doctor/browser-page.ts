import { Parser } from 'htmlparser2'
import type { Answer } from './ask.ts'

/** A form that only asks whether to go on. */
export interface ConsentForm {
  action: URL
  fields: URLSearchParams
}

type Attributes = Readonly<
  Partial<
    Record<
      'action' | 'checked' | 'content' | 'http-equiv' | 'method' | 'name' | 'type' | 'value',
      string
    >
  >
>

interface Form {
  attributes: Attributes
  inputs: Attributes[]
  /** What it can be sent with, and all that tells a person which of them it is. */
  buttons: { attributes: Attributes; label: string }[]
}

const YES = /allow|approve|accept|authori[sz]e|continue|confirm|grant|yes/i
const NO = /deny|cancel|reject|decline|refuse/i

/** The form that a person would approve; undefined where something has to be filled in. */
export function findConsentForm(answer: Answer, page: URL): ConsentForm | undefined {
  if (answer.status !== 200 || answer.contentType !== 'text/html') return undefined
  const form = readFirstForm(answer.text)
  if (form?.attributes.method?.toLowerCase() !== 'post') return undefined
  const action = URL.parse(form.attributes.action ?? '', page)
  if (action?.origin !== page.origin) return undefined

  const fields = new URLSearchParams()
  const add = ({ name, value = '' }: Attributes): void => {
    if (name !== undefined) fields.append(name, value)
  }
  for (const input of form.inputs) {
    const type = typeOf(input)
    if (type !== 'hidden' && type !== 'checkbox') return undefined
    if (type === 'hidden' || 'checked' in input) add(input)
  }
  const offered = form.buttons.filter(({ label }) => !NO.test(label))
  const button = offered.find(({ label }) => YES.test(label)) ?? offered[0]
  if (button !== undefined) add(button.attributes)
  return { action, fields }
}

function readFirstForm(text: string): Form | undefined {
  let form: Form | undefined
  let isOpen = true
  let button: Form['buttons'][number] | undefined
  const parser = new Parser({
    onopentag(name, attributes: Attributes) {
      if (name === 'form') form ??= { attributes, inputs: [], buttons: [] }
      if (form === undefined || !isOpen) return
      const isButton = name === 'button' || (name === 'input' && typeOf(attributes) === 'submit')
      if (isButton) {
        button = { attributes, label: Object.values(attributes).join(' ') }
        form.buttons.push(button)
      } else if (name === 'input') form.inputs.push(attributes)
    },
    ontext(written) {
      if (button !== undefined) button.label += written
    },
    onclosetag(name) {
      if (name === 'form') isOpen = false
      if (name === 'button' || name === 'input') button = undefined
    },
  })
  parser.end(text)
  return form
}

function typeOf({ type = 'text' }: Attributes): string {
  return type.toLowerCase()
}

/** Where a page sends the browser by itself. */
export function findRefresh(text: string): string | null {
  let content: string | undefined
  const parser = new Parser({
    onopentag(name, attributes: Attributes) {
      if (name === 'meta' && attributes['http-equiv']?.toLowerCase() === 'refresh')
        content ??= attributes.content
    },
  })
  parser.end(text)
  return /^\s*\d+\s*;\s*url=\s*['"]?([^'"]+)/i.exec(content ?? '')?.[1] ?? null
}
