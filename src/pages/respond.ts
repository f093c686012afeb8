import { NO_STORE } from '../http/responses.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import { pageHeaders, type Markup } from './layout.ts'
import { onwardPage } from './onward.ts'

export async function pageResponse(page: Markup, status = 200): Promise<Response> {
  return new Response(String(await page), { status, headers: await pageHeaders() })
}

/**
 * Sends the caller on: browsers by a page (see `onwardPage`), everything else by a redirect. 302,
 * never 307, so that no form is posted again (OAuth 2.1 §7.5.3).
 */
export async function onward(
  request: Request,
  page: { title: string; text: string; url: string },
  cookies: readonly string[] = [],
): Promise<Response> {
  const response = prefersHtml(request.headers.get('accept'))
    ? await pageResponse(onwardPage(page))
    : new Response(null, { status: 302, headers: { Location: page.url, ...NO_STORE } })
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie)
  return response
}
