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
}
