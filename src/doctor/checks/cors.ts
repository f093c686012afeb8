import type { Asked } from '../ask.ts'
import type { Evidence } from '../evidence.ts'
import { observeBy, type Observation } from '../finding.ts'
import { letsPageRead } from '../probes/cors.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('reach', {
  'D18-no-cors': {
    level: 'warning',
    fix: 'Send Access-Control-Allow-Origin: * with metadata, /register and /token, and answer their preflights.',
    source: 'Fetch, CORS protocol',
  },
  'D18-no-cors-at-resource': {
    level: 'info',
    fix: 'Allow the origin of the page, and expose WWW-Authenticate and Mcp-Session-Id, if people are to use clients that are web pages.',
    source: 'Fetch, CORS protocol',
  },
})

/** D18: what clients that are web pages need. */
export const cors: Family = { rules: RULES, check: checkCors }

const observe = observeBy(RULES)

function checkCors({ cors, resource, discovery, authorization }: Evidence): Observation[] {
  if (cors === undefined) return []
  const isPage = (client: { isWebPage: boolean }): boolean => client.isWebPage
  const { registration, token, ...metadata } = cors
  // Without metadata their addresses are guesses, and nothing need stand there.
  const isGuess = discovery?.serverMetadata.used === undefined && authorization === undefined
  const needed = [...Object.values(metadata), ...(isGuess ? [] : [registration, token])]
  const blocked = needed.flatMap((asked: Asked | undefined) =>
    asked?.ok === true && !letsPageRead(asked) ? [asked.value.where] : [],
  )
  if (blocked[0] !== undefined)
    return [
      observe('D18-no-cors', {
        where: blocked[0],
        message: `Web pages may not read ${blocked.length === 1 ? 'this address' : `this address and ${blocked.length - 1} more`}.`,
        stops: isPage,
      }),
    ]
  if (resource === undefined || letsPageRead(resource.preflight)) return []
  return [
    observe('D18-no-cors-at-resource', {
      where: resource.preflight.ok
        ? resource.preflight.value.where
        : resource.preflight.failure.where,
      message: 'Web pages of other origins may not call the MCP URL.',
      stops: isPage,
    }),
  ]
}
