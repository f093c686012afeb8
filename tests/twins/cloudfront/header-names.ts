/** CloudFront guide, Restrictions on all edge functions, Disallowed headers. */
export const DISALLOWED_IN_FUNCTIONS: RegExp =
  /^(?:connection|expect|keep-alive|proxy-authenticate|proxy-authorization|proxy-connection|trailer|upgrade|x-accel-(?:buffering|charset|limit-rate|redirect)|x-amz-cf-.*|x-amzn-(?:auth|cf-billing|cf-id|cf-xff|errortype|fle-profile|header-count|header-order|lambda-integration-tag|requestid)|x-cache|x-edge-.*|x-forwarded-proto|x-real-ip)$/

/** Same page, Read-only headers. */
export const READ_ONLY_IN_FUNCTIONS: Record<'viewer-request' | 'viewer-response', RegExp> = {
  'viewer-request': /^(?:content-length|host|transfer-encoding|via)$/,
  'viewer-response': /^(?:warning|via)$/,
}

/** CloudFront guide, Understand response headers policies, Headers that you can't remove. */
export function isDeniedInHeadersPolicy(name: string): boolean {
  return (
    DISALLOWED_IN_FUNCTIONS.test(name) ||
    /^(?:content-encoding|content-length|host|transfer-encoding|via|warning)$/.test(name)
  )
}

/** CloudFront guide, Custom headers that CloudFront can't add to origin requests. */
export const DENIED_IN_ORIGIN_REQUESTS: RegExp =
  /^(?:cache-control|connection|content-length|cookie|host|if-(?:match|modified-since|none-match|range|unmodified-since)|max-forwards|pragma|proxy-(?:authenticate|authorization|connection)|range|request-range|te|trailer|transfer-encoding|upgrade|via|x-amz-.*|x-edge-.*|x-real-ip)$/
