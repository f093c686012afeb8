import { PATHS } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import type { Outcome } from '../finding.ts'
import { wayOut } from '../ways-out.ts'

/** RFC 7591: anybody may ask, so nobody is given a secret. */
export async function checkRegistration(deployment: Deployment): Promise<Outcome> {
  const where = `POST ${deployment.origin}${PATHS.register}`
  const registered = await deployment.registration()
  if (!registered.ok)
    return {
      findings: [
        {
          code: 'REGISTRATION_REFUSED',
          level: 'error',
          where,
          message: `A client with the callback ${deployment.redirectUri} cannot register: ${registered.failure}`,
          fix: 'The callback is the one that mcp-remote derives; `postern callback-urls` prints what the deployment must allow.',
          source: 'RFC 7591 §3.2.1',
        },
      ],
      positions: [],
    }
  if (!registered.value.hasSecret) return { findings: [], positions: [] }
  return {
    findings: [
      {
        code: 'CLIENT_SECRET_SHARED',
        level: 'error',
        where,
        message: 'Registration hands the secret of the app client to anybody who asks.',
        fix: `A public client with PKCE needs no secret: ${wayOut('noSharedSecret')}.`,
        source: 'RFC 7591 §5',
      },
    ],
    positions: [],
  }
}
