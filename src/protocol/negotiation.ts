/**
 * Whether the caller is a browser navigating: `text/html` named, and not ranked below JSON
 * (RFC 9110 §12.5.1). Machines send a wildcard or JSON; an event stream no browser navigates to.
 */
export function prefersHtml(accept: string | null | undefined): boolean {
  const of = (mediaType: string): number | undefined => quality(accept ?? '', mediaType)
  const html = of('text/html') ?? 0
  const json = of('application/json') ?? of('application/*') ?? of('*/*') ?? 0
  return html > 0 && html >= json && (of('text/event-stream') ?? 0) === 0
}

/** Undefined: not named. */
function quality(accept: string, mediaType: string): number | undefined {
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    if (type !== mediaType) continue
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    const value = q === undefined ? 1 : Number(q.slice(2))
    return Number.isFinite(value) ? value : 0
  }
  return undefined
}
