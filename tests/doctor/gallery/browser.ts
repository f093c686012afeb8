/** Ports that browsers refuse to open (Fetch, "bad port"), as far as mcp-remote can come to them. */
export const BAD_PORTS: ReadonlySet<number> = new Set([
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

const MOST_STEPS = 12

type Request = (url: URL, init: RequestInit) => Promise<Response>

export interface Journey {
  /** The last address. */
  end: string
  /** At the client. */
  isBack: boolean
}

/**
 * A browser with a person who agrees to everything, as strict as Chromium about cookies,
 * form-action and ports.
 */
export async function agree(start: string, request: Request = fetch): Promise<Journey> {
  const cookies: Cookies = new Map()
  const redirectUri = new URL(start).searchParams.get('redirect_uri') ?? ''
  let url = new URL(start)
  let comesFrom = url
  let form: URLSearchParams | undefined
  let policy: Policy | undefined
  for (let step = 0; step < MOST_STEPS; step++) {
    if (BAD_PORTS.has(Number(url.port)) || !isAllowed(policy, url)) break
    const response = await visit(request, url, cookieFor(cookies, url, comesFrom), form)
    if (response === undefined) break
    if (url.href.startsWith(redirectUri)) return { end: url.href, isBack: true }
    keep(cookies, url, response.headers.getSetCookie())
    comesFrom = url
    const location = response.headers.get('location')
    const asked = location === null ? FORM.exec(await response.text()) : null
    form = undefined
    if (location !== null) url = new URL(location, url)
    else if (asked === null) break
    else {
      policy = readPolicy(response, url)
      url = new URL(asked[1] ?? '', url)
      form = new URLSearchParams({
        request: (asked[2] ?? '').replaceAll('&amp;', '&'),
        answer: 'yes',
      })
    }
  }
  return { end: url.href, isBack: false }
}

const FORM =
  /<form method="post" action="([^"]+)"><input type="hidden" name="request" value="([^"]+)">/

async function visit(
  request: Request,
  url: URL,
  cookie: string,
  form: URLSearchParams | undefined,
): Promise<Response | undefined> {
  const headers = { accept: 'text/html', connection: 'close', cookie }
  const init =
    form === undefined
      ? { headers }
      : { headers: { ...headers, origin: url.origin }, method: 'POST', body: form }
  return request(url, { redirect: 'manual', ...init }).catch(() => undefined)
}

interface Policy {
  page: URL
  sources: readonly string[]
}

function readPolicy(response: Response, page: URL): Policy | undefined {
  const text = response.headers.get('content-security-policy') ?? ''
  const sources = /form-action ([^;]+)/.exec(text)?.[1]?.split(' ')
  return sources === undefined ? undefined : { page, sources }
}

type Cookies = Map<string, { pair: string; isStrict: boolean }>

function cookieFor(cookies: Cookies, url: URL, comesFrom: URL): string {
  const cookie = cookies.get(url.hostname)
  const isLeftOut = cookie?.isStrict === true && comesFrom.hostname !== url.hostname
  return cookie === undefined || isLeftOut ? '' : cookie.pair
}

/** For everything that follows the form, as Chromium does it. */
function isAllowed(policy: Policy | undefined, target: URL): boolean {
  if (policy === undefined) return true
  return policy.sources.some((source) => {
    if (source === "'self'") return target.origin === policy.page.origin
    if (source.endsWith(':*')) return `${target.protocol}//${target.hostname}:*` === source
    return source === target.protocol || source === target.origin
  })
}

function keep(cookies: Cookies, url: URL, lines: readonly string[]): void {
  for (const line of lines) {
    const isSecure = /;\s*secure/i.test(line)
    if (/samesite=none/i.test(line) && !isSecure) continue
    if (line.startsWith('__Host-') && !isSecure) continue
    cookies.set(url.hostname, {
      pair: line.split(';')[0] ?? '',
      isStrict: /samesite=strict/i.test(line),
    })
  }
}
