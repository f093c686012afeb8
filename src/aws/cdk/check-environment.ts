import type { ConfigIssue } from '../../config/config-error.ts'
import { brandingText } from './environment.ts'
import type { PrivateMcpServerProps } from './props.ts'
import { scopesOf } from './settings.ts'

/** Lambda quotas: all variables of a function. */
const MAX_BYTES = 4096
/** The two keys of a user pool, and names, ids and hashes. */
const USUAL_OTHER_BYTES = 2100

/** Of what can become long. `urls` are the redirect URIs that a function is told. */
export function checkEnvironment(
  props: PrivateMcpServerProps,
  urls: readonly string[],
  sound: (key: string) => boolean,
  issues: ConfigIssue[],
): void {
  if (!['access', 'scopes', 'forwardGroups', 'branding'].every(sound)) return
  const lists = [...urls, ...scopesOf(props), ...(props.forwardGroups ?? [])].join(' ')
  const room =
    MAX_BYTES - USUAL_OTHER_BYTES - lists.length - Buffer.byteLength(JSON.stringify(props.access))
  if (room < 0)
    issues.push({
      path: 'callbackUrls',
      message: `do not fit into the ${MAX_BYTES} bytes of a function’s environment, beside access, scopes and forwardGroups`,
      fix:
        props.mode === 'relay'
          ? 'List fewer or shorter ones, or use broker mode, which needs no list.'
          : 'List fewer or shorter ones.',
    })
  else if (props.branding !== undefined) {
    const bytes = Buffer.byteLength(brandingText(props.branding))
    if (bytes > room)
      issues.push({
        path: 'branding',
        message: `takes ${bytes} bytes of a function’s environment, where ${room} are left`,
        fix: 'Use a smaller logo, for instance an SVG without metadata, or none.',
      })
  }
}
