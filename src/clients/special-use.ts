import ipaddr from 'ipaddr.js'

// RFC 6761, RFC 6762, RFC 8375, RFC 9476 and what private networks use: none is a host of the internet.
const SPECIAL_NAMES =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home\.arpa|onion|alt|invalid)$/
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Whether an address is one that anybody on the internet could be reached at (RFC 6890). What only
 * wraps an IPv4 address (mapped, NAT64, 6to4, Teredo) is not: it would lead where the inner one does.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  // RFC 4291 §2.4: outside 2000::/3 nothing global has been given out.
  return parsed.kind() === 'ipv4' || (parsed.toByteArray()[0] ?? 0) >> 5 === 1
}

/** Whether a host is a name of the public DNS, by its spelling: no address, no single label. */
export function isPublicHostName(host: string): boolean {
  return HOST_NAME.test(host) && !SPECIAL_NAMES.test(host)
}
