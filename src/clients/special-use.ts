import ipaddr from 'ipaddr.js'

// RFC 6761, RFC 6762, RFC 8375, RFC 9476 and what private networks use: none is a host of the internet.
const SPECIAL_NAMES =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home\.arpa|onion|alt|invalid)$/
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** 64:ff9b::/96, which DNS64 puts before the addresses of hosts that have IPv4 alone (RFC 6147). */
const NAT64_WELL_KNOWN_PREFIX = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]

/**
 * Whether an address is one that anybody on the internet could be reached at (RFC 6890). Behind the
 * well-known prefix of NAT64 the IPv4 address decides, where every such packet goes (RFC 6052 §2.1);
 * other wrappings (mapped, 6to4, Teredo, a network's own NAT64) lead nobody knows where.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  const bytes = parsed.toByteArray()
  if (NAT64_WELL_KNOWN_PREFIX.every((byte, index) => bytes[index] === byte))
    return isPublicAddress(bytes.slice(NAT64_WELL_KNOWN_PREFIX.length).join('.'))
  if (parsed.range() !== 'unicast') return false
  // RFC 4291 §2.4: outside 2000::/3 nothing global has been given out.
  return parsed.kind() === 'ipv4' || (bytes[0] ?? 0) >> 5 === 1
}

/** Whether a host is a name of the public DNS, by its spelling: no address, no single label. */
export function isPublicHostName(host: string): boolean {
  return HOST_NAME.test(host) && !SPECIAL_NAMES.test(host)
}
