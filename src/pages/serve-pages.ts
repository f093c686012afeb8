import type { Context } from 'hono'
import type { HonoBase } from 'hono/hono-base'
import type { GateConfig } from '../config/gate-config.ts'
import { reportFault } from '../http/fault.ts'
import { oauthErrorResponse } from '../http/responses.ts'
import { PATHS, resourcePaths } from '../protocol/metadata.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import type { Runtime } from '../runtime.ts'
import { connectPage, guessPlatform, serversPage } from './connect.ts'
import { errorPage, notFoundPage } from './error.ts'
import { FAULT } from './explanations.ts'
import type { Page, Site } from './layout.ts'
import { pageResponse } from './respond.ts'

/** Where people come by. Anywhere else a client might take a page for an answer. */
const PEOPLES_PATHS: ReadonlySet<string> = new Set([PATHS.authorize, PATHS.consent, PATHS.callback])

/** What a browser is shown that asks for the origin, for nothing, or when something broke. */
export function servePages(
  app: HonoBase,
  config: Site & Pick<GateConfig, 'resources'>,
  runtime: Pick<Runtime, 'random' | 'emit'>,
): void {
  if (!config.resources.some(({ url }) => resourcePaths(url).includes('/')))
    app.get('/', (c) => (isPerson(c) ? pageResponse(config, originPage(c, config)) : c.notFound()))
  app.notFound((c) =>
    isPerson(c) ? pageResponse(config, notFoundPage(), 404) : c.json({ error: 'not_found' }, 404),
  )
  app.onError((error, c) => {
    const fault = reportFault(error, runtime)
    return isPerson(c) && PEOPLES_PATHS.has(c.req.path)
      ? pageResponse(config, errorPage(fault, FAULT), fault.status)
      : oauthErrorResponse(fault)
  })
}

function isPerson(c: Context): boolean {
  return prefersHtml(c.req.header('accept'))
}

function originPage(c: Context, { resources }: Pick<GateConfig, 'resources'>): Page {
  if (resources.length > 1) return serversPage(resources)
  const browser = c.req.header('sec-ch-ua-platform') ?? c.req.header('user-agent') ?? ''
  return connectPage(resources[0], guessPlatform(browser))
}
