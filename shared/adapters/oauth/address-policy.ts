import ipaddr from 'ipaddr.js'

/** What IANA has given out for global unicast so far (RFC 4291 §2.4, IANA IPv6 address space registry). */
const GLOBAL_UNICAST_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** An IPv6 address written with a dotted quad, other than IPv4-mapped. */
const DOTTED_IPV6 = /^(?!::ffff:[\d.]+$).*:.*\./i

/**
 * Whether an IP address is on the public internet. Only the range `unicast` counts, so that everything with a
 * special purpose is refused by default: loopback, private, link-local, shared, benchmarking, multicast, reserved,
 * and the ranges that embed an IPv4 address (RFC 6890, RFC 6052, 6to4, Teredo). IPv4-mapped IPv6 counts as IPv4.
 */
export function isPublicAddress(address: string): boolean {
  // A zone such as `%eth0` only makes sense on this machine's own links.
  if (address.includes('%') || !ipaddr.isValid(address)) return false
  // ipaddr.js reads `::8.8.8.8` as IPv4-mapped, the system connects to `::808:808`: they must not disagree.
  if (DOTTED_IPV6.test(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST_IPV6)
}

/** One spelling for each address, so that two can be compared; IPv4-mapped IPv6 becomes IPv4. */
export function canonicalAddress(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address
}
