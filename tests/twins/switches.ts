import type { Settings } from '../../src/demo/cognito-twin/options.ts'

/**
 * Behaviour of AWS that documents leave open, or that reports contradict: one switch for each row
 * of reference/aws.md §10 but row 5, and for each further question that the twins came across.
 * The defaults are what the documents say.
 */
export interface Switches extends Pick<
  Settings,
  'resourceAtToken' | 'resourceBinding' | 'scopeOmitted' | 'invalidScope' | 'basicAndBodySecret'
> {
  /**
   * Row 1. An origin custom header `Authorization` against the viewer's own. `overrides`:
   * CloudFront guide, Add custom headers to origin requests. `viewer-wins`: both stand in the
   * request's way and the viewer's arrives.
   */
  authorizationHeaderOverride: 'overrides' | 'viewer-wins'
  /**
   * Row 2. Whether a response headers policy works on responses with status 400 and above.
   * `applied`: CloudFront guide, Add or remove HTTP headers in CloudFront responses ("to every
   * response"). `skipped`: as viewer-response functions are.
   */
  headersPolicyOnErrors: 'applied' | 'skipped'
  /**
   * Row 3. Whether an HTTP API renames an integration's `WWW-Authenticate` to
   * `x-amzn-remapped-www-authenticate`. `false`: the table of renamed headers in the API Gateway
   * guide (Amazon API Gateway important notes) is for REST APIs. `true`: one report.
   */
  httpApiRemapsWwwAuthenticate: boolean
  // Row 4: `resourceAtToken` (`resource` at /oauth2/token) and `resourceBinding` (a URL without a
  // resource server at /oauth2/authorize). Row 6: `scopeOmitted`. Row 7: `invalidScope`.
  // Row 10: `basicAndBodySecret`. Their positions are documented where the Cognito twin has them.
  /**
   * Row 8. Whether the domain of a user pool has AAAA records. `present`: Cognito guide, endpoints
   * accept IPv4 and IPv6 clients. `absent`: a function behind an egress-only internet gateway
   * cannot reach it.
   */
  cognitoAaaa: 'present' | 'absent'
  /**
   * Row 9. An HTTP API asked under the public host name (`AllViewer` forwards it). `refused`: API
   * Gateway guide, custom domain names: it answers to its own name and to custom domains, and the
   * model has none. `accepted`: as with an API custom domain of the same name.
   */
  hostForwarding: 'refused' | 'accepted'

  // Questions that §10 does not list.

  /**
   * The path that CloudFront holds against path patterns; the origin is sent the raw one either
   * way. `rfc3986`: CloudFront guide, Cache behavior settings, Path normalization (read as dot
   * segments, repeated slashes and needlessly encoded characters). `slashes-and-dots`: only what
   * that page gives as examples. `as-sent`: older editions of the page, which say nothing.
   */
  edgePathMatching: 'rfc3986' | 'slashes-and-dots' | 'as-sent'
  /**
   * `Set-Cookie` of an origin where cookies are not forwarded. `removed`: CloudFront guide, Request
   * and response behavior for custom origins. `passed`: what people see on uncached responses.
   */
  edgeSetCookie: 'removed' | 'passed'
  /**
   * The path that an HTTP API holds against route keys. `decoded`: the one it hands on as
   * `rawPath`, which captures of live events show decoded (honojs/hono#2156,
   * fastify/aws-lambda-fastify#169). `as-sent`: before decoding. `normalized`: also without
   * repeated slashes and dot segments.
   */
  apiPathMatching: 'decoded' | 'as-sent' | 'normalized'
  /**
   * Whether `/mcp/` reaches a route `/mcp`. `distinct`: storacha/w3infra#166 (404). `ignored`:
   * aws-powertools/powertools-lambda-python#1552 (it does). The API Gateway guide is silent.
   */
  apiTrailingSlash: 'distinct' | 'ignored'
  /**
   * Whether a route key may end with a slash. `accepted`: the API reference names no such rule.
   * `refused`: CDK's `HttpRouteKey`, aws/serverless-application-model#1949, storacha/w3infra#166.
   */
  apiRouteKeyTrailingSlash: 'accepted' | 'refused'
  /**
   * A Lambda authorizer that throws exactly `Unauthorized`. `500`: API Gateway guide, Control access
   * to HTTP APIs with AWS Lambda authorizers, which knows no such answer. `401`: as the guide has it
   * for REST APIs.
   */
  apiUnauthorizedError: '500' | '401'
}

export const DEFAULT_SWITCHES: Switches = {
  authorizationHeaderOverride: 'overrides',
  headersPolicyOnErrors: 'applied',
  httpApiRemapsWwwAuthenticate: false,
  resourceAtToken: 'ignored',
  resourceBinding: 'lenient',
  scopeOmitted: 'all-scopes',
  invalidScope: 'redirect-with-description',
  basicAndBodySecret: 'basic-wins',
  cognitoAaaa: 'present',
  hostForwarding: 'refused',
  edgePathMatching: 'rfc3986',
  edgeSetCookie: 'removed',
  apiPathMatching: 'decoded',
  apiTrailingSlash: 'distinct',
  apiRouteKeyTrailingSlash: 'refused',
  apiUnauthorizedError: '500',
}
