import * as v from 'valibot'
import { type HttpRequest, type HttpResponse, pathOf, queryOf, withoutHeaders } from '../http.ts'
import { DISALLOWED_IN_FUNCTIONS } from './header-names.ts'

interface Value {
  value: string
  attributes?: string | undefined
}

/** One query parameter, header or cookie. */
export type Fields = Record<string, Value & { multiValue?: Value[] | undefined }>

export interface EdgeRequest {
  method: string
  uri: string
  querystring: Fields
  headers: Fields
  cookies: Fields
}

export interface EdgeResponse {
  statusCode: number
  headers: Fields
  cookies: Fields
  body?: string | { encoding: 'text' | 'base64'; data: string } | undefined
}

/** CloudFront guide, CloudFront Functions event structure. */
const valueEntries = { value: v.string(), attributes: v.optional(v.string()) }
/** As pairs, because `v.record` leaves out names such as `constructor`. */
const fieldsSchema = v.pipe(
  v.custom<object>((value) => typeof value === 'object' && value !== null),
  v.transform((fields) => Object.entries(fields) as unknown),
  v.array(
    v.tuple([
      v.string(),
      v.object({ ...valueEntries, multiValue: v.optional(v.array(v.object(valueEntries))) }),
    ]),
  ),
  v.transform((pairs): Fields => Object.assign(noFields(), Object.fromEntries(pairs))),
)
const requestSchema = v.object({
  method: v.string(),
  uri: v.pipe(v.string(), v.startsWith('/')),
  querystring: v.optional(fieldsSchema, {}),
  headers: v.optional(fieldsSchema, {}),
  cookies: v.optional(fieldsSchema, {}),
})
const responseSchema = v.object({
  statusCode: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
  headers: v.optional(fieldsSchema, {}),
  cookies: v.optional(fieldsSchema, {}),
  body: v.optional(
    v.union([
      v.string(),
      v.object({ encoding: v.literal('text'), data: v.string() }),
      v.object({ encoding: v.literal('base64'), data: v.pipe(v.string(), v.base64()) }),
    ]),
  ),
})

export function parseEdgeRequest(value: unknown): EdgeRequest | undefined {
  const parsed = v.safeParse(requestSchema, value)
  return parsed.success ? parsed.output : undefined
}

export function parseEdgeResponse(value: unknown): EdgeResponse | undefined {
  const parsed = v.safeParse(responseSchema, value)
  return parsed.success ? parsed.output : undefined
}

export function toEdgeRequest(request: HttpRequest): EdgeRequest {
  const cookies = request.headers
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split(';'))
  return {
    method: request.method,
    uri: pathOf(request.target),
    querystring: toFields(splitPairs(queryOf(request.target).slice(1).split('&'))),
    headers: toFields(exposed(request.headers)),
    cookies: toFields(splitPairs(cookies)),
  }
}

/** Headers that functions may not see stay as the viewer sent them. */
export function fromEdgeRequest(edited: EdgeRequest, request: HttpRequest): HttpRequest {
  const original = toEdgeRequest(request)
  const cookies = fromFields(edited.cookies, original.cookies)
  const query = fromFields(edited.querystring, original.querystring)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&')
  const keepsQuery = JSON.stringify(edited.querystring) === JSON.stringify(original.querystring)
  const headers = [
    ...request.headers.filter(([name]) => DISALLOWED_IN_FUNCTIONS.test(name.toLowerCase())),
    ...fromFields(edited.headers, original.headers).map(capitalize),
  ]
  if (cookies.length > 0)
    headers.push(['Cookie', cookies.map(([name, value]) => `${name}=${value}`).join('; ')])
  return {
    ...request,
    target: edited.uri + (keepsQuery ? queryOf(request.target) : query === '' ? '' : `?${query}`),
    headers,
  }
}

export function toEdgeResponse(response: HttpResponse): EdgeResponse {
  const cookies = noFields()
  for (const [name, value] of response.headers) {
    if (name.toLowerCase() !== 'set-cookie') continue
    const [pair = '', ...attributes] = value.split(';')
    const [[key, content] = ['', '']] = splitPairs([pair])
    add(cookies, key, { value: content, attributes: attributes.join(';').trim() })
  }
  const headers = withoutHeaders(exposed(response.headers), (name) => name === 'set-cookie')
  return { statusCode: response.status, headers: toFields(headers), cookies }
}

/** `original` is absent where the function made the response. */
export function fromEdgeResponse(edited: EdgeResponse, original?: HttpResponse): HttpResponse {
  const before = original === undefined ? undefined : toEdgeResponse(original)
  const hidden = original?.headers.filter(([name]) =>
    DISALLOWED_IN_FUNCTIONS.test(name.toLowerCase()),
  )
  const cookies = Object.entries(edited.cookies).flatMap(([name, field]) =>
    valuesOf(field, before?.cookies[name]).map(({ value, attributes }): [string, string] => [
      'Set-Cookie',
      [`${name}=${value}`, attributes ?? ''].filter((part) => part !== '').join('; '),
    ]),
  )
  const headers = fromFields(edited.headers, before?.headers ?? {}).map(capitalize)
  return {
    status: edited.statusCode,
    headers: [...(hidden ?? []), ...headers, ...cookies],
    body: bodyOf(edited.body) ?? original?.body ?? Buffer.alloc(0),
  }
}

function bodyOf(body: EdgeResponse['body']): Uint8Array | undefined {
  if (body === undefined) return undefined
  if (typeof body === 'string') return Buffer.from(body)
  return Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8')
}

function exposed(headers: [string, string][]): [string, string][] {
  return headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => name !== 'cookie' && !DISALLOWED_IN_FUNCTIONS.test(name))
}

function splitPairs(pairs: string[]): [string, string][] {
  return pairs.flatMap((pair): [string, string][] => {
    const [name = '', ...value] = pair.trim().split('=')
    return name === '' ? [] : [[name, value.join('=')]]
  })
}

function toFields(pairs: [string, string][]): Fields {
  const fields = noFields()
  for (const [name, value] of pairs) add(fields, name, { value })
  return fields
}

/** Without a prototype: `constructor` and `__proto__` are names like any other. */
function noFields(): Fields {
  return Object.create(null) as Fields
}

/** Duplicates collapse into one field, which then also has `multiValue`. */
function add(fields: Fields, name: string, value: Value): void {
  const first = fields[name]
  if (first === undefined) fields[name] = value
  else {
    const { multiValue, ...own } = first
    first.multiValue = [...(multiValue ?? [own]), value]
  }
}

function fromFields(edited: Fields, original: Fields): [string, string][] {
  return Object.entries(edited).flatMap(([name, field]) =>
    valuesOf(field, original[name]).map(({ value }): [string, string] => [name, value]),
  )
}

/** A changed `multiValue` wins; else a changed `value` replaces the first of several. */
function valuesOf(field: Fields[string], original: Fields[string] | undefined): Value[] {
  const { multiValue, ...own } = field
  if (multiValue === undefined) return [own]
  const isEdited = JSON.stringify(multiValue) !== JSON.stringify(original?.multiValue)
  return isEdited ? multiValue : [own, ...multiValue.slice(1)]
}

/** Same page, Query string, header, and cookie structure. */
function capitalize([name, value]: [string, string]): [string, string] {
  return [name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase()), value]
}
