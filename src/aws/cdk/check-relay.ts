import * as v from 'valibot'
import type { ConfigIssue } from '../../config/config-error.ts'
import { Texts } from '../../config/schema-parts.ts'
import { MAX_CALLBACK_URLS, callbackUrls } from '../callback-urls.ts'
import { parseMcpRemoteArguments } from '../mcp-remote.ts'
import { checkEnvironment } from './check-environment.ts'
import type { PrivateMcpServerProps, RelayProps } from './props.ts'
import { scopesOf } from './settings.ts'

/** Options of relay mode alone. */
export const RELAY_ENTRIES: {
  clientAuthentication: v.GenericSchema
  tokenPath: v.GenericSchema
  resourceParameter: v.GenericSchema
  defence: v.GenericSchema
  dangerouslyShareClientSecret: v.GenericSchema
  mcpRemoteArguments: v.GenericSchema
} = {
  clientAuthentication: v.optional(v.picklist(['public', 'edge'])),
  tokenPath: v.optional(v.picklist(['edge', 'function'])),
  resourceParameter: v.optional(v.picklist(['forward', 'strip'])),
  defence: v.optional(v.picklist(['lambda', 'both'])),
  dangerouslyShareClientSecret: v.optional(v.boolean()),
  mcpRemoteArguments: v.optional(Texts),
}

/** API Gateway quotas, HTTP API: scopes of one route. */
const MAX_ROUTE_SCOPES = 10
/** CreateRoute, `authorizationScopes`: strings of 1 to 64 characters. */
const MAX_ROUTE_SCOPE_LENGTH = 64

export function checkRelay(
  props: PrivateMcpServerProps,
  sound: (key: string) => boolean,
  isNamed: boolean,
  issues: ConfigIssue[],
): void {
  if (props.mode !== 'relay') {
    for (const path of Object.keys(RELAY_ENTRIES))
      if (Object.entries(props).some(([key, value]) => key === path && value !== undefined))
        issues.push({ path, message: 'is for relay mode only', fix: 'Remove it.' })
    return
  }
  checkClientSecret(props, issues)
  if (sound('server')) checkExisting(props, sound, issues)
  if (sound('server')) checkAuthorizer(props, issues)
  if (sound('access') && Array.isArray(props.access))
    for (const [index, rule] of props.access.entries())
      if (rule.emailDomains !== undefined)
        issues.push({
          path: `access.${index}.emailDomains`,
          message: 'looks at e-mail addresses, which Cognito’s access tokens do not have',
          fix: 'Use groups or subjects, or broker mode, which sees the ID token.',
        })
  if (sound('scopes') && props.userPool?.client === undefined)
    for (const [index, scope] of (props.scopes ?? []).entries())
      if (scope.includes('/'))
        issues.push({
          path: `scopes.${index}`,
          message: 'has a slash, which Cognito takes for the end of the resource server’s name',
          fix: 'Write the last part only: Cognito puts the MCP URL before it.',
        })
  if (isNamed && ['server', 'scopes', 'path'].every(sound)) checkRouteScopes(props, issues)
  if (isNamed && ['mcpRemoteArguments', 'callbackUrls', 'path'].every(sound)) {
    const urls = checkCallbackUrls(props, issues)
    if (urls !== undefined) checkEnvironment(props, urls, sound, issues)
  }
}

function checkClientSecret(props: RelayProps, issues: ConfigIssue[]): void {
  if (props.clientAuthentication !== 'edge') return
  if (props.tokenPath === 'function')
    issues.push({
      path: 'clientAuthentication',
      message: 'is edge, but /token goes to a function and not from the edge to Cognito',
      fix: "Leave out clientAuthentication, or tokenPath: 'function'.",
    })
  if (props.dangerouslyShareClientSecret === true)
    issues.push({
      path: 'clientAuthentication',
      message: 'is edge, which keeps the secret that dangerouslyShareClientSecret hands out',
      fix: 'Leave out dangerouslyShareClientSecret: clients need no secret.',
    })
}

/** Before an existing function no gate of Postern's stands: what only a gate knows would not hold. */
function checkExisting(
  props: RelayProps,
  sound: (key: string) => boolean,
  issues: ConfigIssue[],
): void {
  // Of two servers `checkServer` says something already.
  if (!('existing' in props.server) || 'code' in props.server) return
  if (sound('access') && props.access !== 'anyoneTheIdpAdmits')
    issues.push({
      path: 'access',
      message: 'has rules, which the JWT authorizer before an existing function cannot apply',
      fix: "Use broker mode, give the server as code, or write 'anyoneTheIdpAdmits' and admit to the user pool only who may come in.",
    })
  if (!sound('scopes') || !sound('requiredScopes')) return
  if ((props.requiredScopes ?? []).length > 0 && new Set(scopesOf(props)).size > 1)
    issues.push({
      path: 'requiredScopes',
      message:
        'are given, but the JWT authorizer before an existing function is content with any one scope',
      fix: 'Offer that scope only, use broker mode, or give the server as code.',
    })
}

function checkAuthorizer(props: RelayProps, issues: ConfigIssue[]): void {
  const existing = 'existing' in props.server
  if (existing && props.defence !== undefined)
    issues.push({
      path: 'defence',
      message: 'is given for an existing function, which only API Gateway’s authorizer guards',
      fix: 'Remove it, or give the server as code.',
    })
  if ((existing || props.defence === 'both') && (props.scopes ?? []).length > MAX_ROUTE_SCOPES)
    issues.push({
      path: 'scopes',
      message: `are more than the ${MAX_ROUTE_SCOPES} that a route of API Gateway with an authorizer takes`,
      fix: existing
        ? 'Use fewer scopes.'
        : "Use fewer, or defence: 'lambda', where the function checks them.",
    })
}

function checkRouteScopes(props: RelayProps, issues: ConfigIssue[]): void {
  const existing = 'existing' in props.server
  if (!existing && props.defence !== 'both') return
  const url = `https://${props.domainName}${props.path ?? '/mcp'}`
  for (const [index, name] of scopesOf(props).entries()) {
    const scope = name.includes('/') ? name : `${url}/${name}`
    if (scope.length > MAX_ROUTE_SCOPE_LENGTH)
      issues.push({
        path: `scopes.${index}`,
        message: `is ${scope} on the wire, and a route of API Gateway with an authorizer takes ${MAX_ROUTE_SCOPE_LENGTH} characters`,
        fix: existing
          ? 'Shorten domainName, path or the scope, or use broker mode.'
          : "Shorten domainName, path or the scope, or use defence: 'lambda'.",
      })
  }
}

/** All that Cognito is to know; undefined when that cannot be said. */
function checkCallbackUrls(props: RelayProps, issues: ConfigIssue[]): string[] | undefined {
  const url = `https://${props.domainName}${props.path ?? '/mcp'}`
  const args = props.mcpRemoteArguments ?? []
  const call = parseMcpRemoteArguments([url, ...args])
  if (!call.ok) {
    issues.push({
      path: 'mcpRemoteArguments',
      message: call.failure,
      fix: 'Write what people type after the URL, one word per member.',
    })
    return undefined
  }
  const urls = [...new Set([...callbackUrls({ url, args }), ...(props.callbackUrls ?? [])])]
  if (urls.length <= MAX_CALLBACK_URLS) return urls
  issues.push({
    path: 'callbackUrls',
    message: `make ${urls.length} with the derived ones, and Cognito takes ${MAX_CALLBACK_URLS}`,
    fix: 'List fewer, or use broker mode, which Cognito needs one for.',
  })
  return undefined
}
