import * as v from 'valibot'
import type { ConfigIssue } from '../../config/config-error.ts'
import { Texts } from '../../config/schema-parts.ts'
import { MAX_CALLBACK_URLS, callbackUrls } from '../callback-urls.ts'
import { parseMcpRemoteArguments } from '../mcp-remote.ts'
import type { PrivateMcpServerProps, RelayProps } from './props.ts'

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
/** Lambda quotas: all variables of a function. Of it the pinned keys take up to 3 KB. */
const MAX_ENVIRONMENT_BYTES = 4096
const USUAL_JWKS_BYTES = 1100

export function checkRelay(
  props: PrivateMcpServerProps,
  sound: (key: string) => boolean,
  issues: ConfigIssue[],
): void {
  if (props.mode !== 'relay') {
    for (const path of Object.keys(RELAY_ENTRIES))
      if (Object.entries(props).some(([key, value]) => key === path && value !== undefined))
        issues.push({ path, message: 'is for relay mode only', fix: 'Remove it.' })
    return
  }
  checkClientSecret(props, issues)
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
  if (['mcpRemoteArguments', 'callbackUrls', 'domainName', 'path'].every(sound))
    checkCallbackUrls(props, issues)
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

function checkCallbackUrls(props: RelayProps, issues: ConfigIssue[]): void {
  const url = `https://${props.domainName}${props.path ?? '/mcp'}`
  const args = props.mcpRemoteArguments ?? []
  const call = parseMcpRemoteArguments([url, ...args])
  if (!call.ok) {
    issues.push({
      path: 'mcpRemoteArguments',
      message: call.failure,
      fix: 'Write what people type after the URL, one word per member.',
    })
    return
  }
  const urls = [...new Set([...callbackUrls({ url, args }), ...(props.callbackUrls ?? [])])]
  if (urls.length > MAX_CALLBACK_URLS)
    issues.push({
      path: 'callbackUrls',
      message: `make ${urls.length} with the derived ones, and Cognito takes ${MAX_CALLBACK_URLS}`,
      fix: 'List fewer, or use broker mode, which Cognito needs one for.',
    })
  else if (environmentBytes(props, urls) > MAX_ENVIRONMENT_BYTES)
    issues.push({
      path: 'callbackUrls',
      message: `do not fit into the ${MAX_ENVIRONMENT_BYTES} bytes of a function’s environment`,
      fix: 'List fewer or shorter ones, or use broker mode, which needs no list.',
    })
}

/** What can become long; the rest of the variables takes less than 1 KB. */
function environmentBytes(props: RelayProps, urls: readonly string[]): number {
  const lists = [...urls, ...(props.scopes ?? []), ...(props.forwardGroups ?? [])].join(' ')
  return 1000 + USUAL_JWKS_BYTES + lists.length + JSON.stringify(props.access).length
}
