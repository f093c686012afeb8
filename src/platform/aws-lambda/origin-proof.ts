import { hash, timingSafeEqual } from 'node:crypto'

const PROOF = 'x-origin-verify'
const PUBLIC_HOST = 'x-mcp-public-host'

/** What CloudFront says about a request. */
export interface Edge {
  /** The public name, for `Host`: behind an API Gateway that is the API's own. */
  host: string
  clientAddress: string | undefined
}

/**
 * Takes both headers away, whoever sent them, and believes them only with the origin's secret:
 * whoever knows the API's own address can send the rest (CloudFront, "Add custom headers to origin
 * requests"). Undefined without proof. Two secrets are accepted, so that they can be changed.
 */
export function takeEdge(headers: Headers, secretHashes: readonly string[]): Edge | undefined {
  const proof = headers.get(PROOF)
  const host = headers.get(PUBLIC_HOST)
  headers.delete(PROOF)
  headers.delete(PUBLIC_HOST)
  if (proof === null || host === null || !isAccepted(proof, secretHashes)) return undefined
  return { host, clientAddress: clientAddress(headers) }
}

function isAccepted(proof: string, secretHashes: readonly string[]): boolean {
  const digest = hash('sha256', proof, 'buffer')
  const equal = secretHashes.map((accepted) => {
    const bytes = Buffer.from(accepted, 'base64url')
    return bytes.length === digest.length && timingSafeEqual(bytes, digest)
  })
  return equal.includes(true)
}

/**
 * `…, viewer, edge`: CloudFront appended the address that connected to it, API Gateway CloudFront's.
 * What stands before came from the client.
 */
function clientAddress(headers: Headers): string | undefined {
  const entries = (headers.get('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim())
  const viewer = entries.at(-2)
  return viewer === '' ? undefined : viewer
}
