import { NO_STORE } from '../http/responses.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import { renderPage, type Page, type Site } from './layout.ts'
import { onwardPage, type Onward } from './onward.ts'

export async function pageResponse(site: Site, page: Page, status = 200): Promise<Response> {
  const { headers, body } = await renderPage(site, page)
  return new Response(body, { status, headers })
}

/**
 * Sends the caller on: browsers by a page (see `onwardPage`), everything else by a redirect. 302,
 * never 307, so that no form is posted again (OAuth 2.1 §7.5.3).
 */
export async function onward(
  request: Request,
  site: Site,
  page: Onward,
  cookies: readonly string[] = [],
): Promise<Response> {
  const response = prefersHtml(request.headers.get('accept'))
    ? await pageResponse(site, onwardPage(page))
    : new Response(null, { status: 302, headers: { Location: page.url, ...NO_STORE } })
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie)
  return response
}
