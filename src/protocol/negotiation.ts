/**
 * Whether the caller is a browser navigating: `text/html` named, and not ranked below JSON
 * (RFC 9110 §12.5.1). Machines send a wildcard or JSON.
 */
export function prefersHtml(accept: string | null | undefined): boolean {
  const html = quality(accept ?? '', 'text/html')
  return html > 0 && html >= quality(accept ?? '', 'application/json')
}

function quality(accept: string, mediaType: string): number {
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    if (type !== mediaType) continue
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    const value = q === undefined ? 1 : Number(q.slice(2))
    return Number.isFinite(value) ? value : 0
  }
  return 0
}
