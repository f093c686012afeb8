import type { Handler, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { oauthErrorResponse } from './responses.ts'

const MAX_FORM_BYTES = 64 * 1024

/** Any page may read it: metadata is public. */
export const readable: MiddlewareHandler = cors({
  origin: '*',
  allowMethods: ['GET', 'HEAD', 'OPTIONS'],
})

/** Any page may post to it: what counts is in the body. */
export const postable: MiddlewareHandler = cors({ origin: '*', allowMethods: ['POST', 'OPTIONS'] })

export const smallBody: MiddlewareHandler = bodyLimit({
  maxSize: MAX_FORM_BYTES,
  onError: () => oauthErrorResponse(toOAuthError({ reason: 'body_too_large' })),
})

export const onlyPost: Handler = (c) => c.json({ error: 'invalid_request' }, 405, { Allow: 'POST' })
