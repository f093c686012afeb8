/**
 * Whether a page's policy lets its form lead to `target` (Content Security Policy Level 3,
 * "form-action"). Chromium applies it to every redirect that follows the form, so the list must
 * name what comes at the end.
 */
export function allowsFormAction(policy: string | null, page: string, target: URL): boolean {
  const sources = formActionSources(policy)
  if (sources === undefined) return true
  const { origin } = new URL(page)
  return sources.some((source) => matchesSource(source, target, origin))
}

function formActionSources(policy: string | null): string[] | undefined {
  for (const directive of (policy ?? '').split(/[;,]/)) {
    const [name = '', ...sources] = directive.trim().split(/\s+/)
    if (name.toLowerCase() === 'form-action') return sources
  }
  return undefined
}

function matchesSource(source: string, target: URL, ownOrigin: string): boolean {
  if (source === "'self'") return target.origin === ownOrigin
  if (source === '*') return /^https?:$/.test(target.protocol)
  if (/^[a-z][a-z0-9+.-]*:$/i.test(source)) return target.protocol === source.toLowerCase()
  const match = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\*\.)?([^:/*]+)(?::(\d+|\*))?(\/.*)?$/i.exec(source)
  if (match === null) return false
  const [, scheme, wildcard, host = '', port, path] = match
  const ownScheme = `${scheme?.toLowerCase() ?? new URL(ownOrigin).protocol.slice(0, -1)}:`
  if (target.protocol !== ownScheme) return false
  const isHost =
    wildcard === undefined
      ? target.hostname === host.toLowerCase()
      : target.hostname.endsWith(`.${host.toLowerCase()}`)
  const isPort = port === '*' || (port ?? '') === target.port
  // After a redirect the path of a source does not count, and most forms redirect.
  return (
    isHost && isPort && (path === undefined || target.pathname.startsWith(path.split('?')[0] ?? ''))
  )
}
