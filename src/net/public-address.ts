import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** IPv4 ranges that are not global unicast. Source: IANA, "IPv4 Special-Purpose Address Registry"; RFC 6890; RFC 5771 (multicast). */
const specialIPv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map((range) => ipaddr.IPv4.parseCIDR(range));

/** Everything that IANA has assigned as global unicast. Source: IANA, "IPv6 Address Space"; RFC 4291. */
const globalIPv6 = ipaddr.IPv6.parseCIDR('2000::/3');
/**
 * The ranges inside it that are not global: protocol assignments (Teredo, benchmarking, ORCHID), documentation, and 6to4,
 * which is no longer routed. Source: IANA, "IPv6 Special-Purpose Address Registry"; RFC 9637; RFC 7526.
 */
const specialIPv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map((range) =>
  ipaddr.IPv6.parseCIDR(range),
);
/** NAT64: a call reaches the IPv4 address inside such an address. Source: RFC 6052. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** True for an address on the public internet. Every address that is not known to be global unicast counts as not public. */
export function isPublic(text: string): boolean {
  return ipaddr.isValid(text) && isGlobalUnicast(ipaddr.parse(text));
}

function isGlobalUnicast(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return !specialIPv4.some((range) => address.match(range));
  const inner = embeddedIPv4(address);
  if (inner !== null) return isGlobalUnicast(inner);
  return address.match(globalIPv6) && !specialIPv6.some((range) => address.match(range));
}

function embeddedIPv4(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(nat64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : null;
}
