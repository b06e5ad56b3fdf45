import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

const MAPPED_PREFIX_BITS = 96;

/**
 * Whether `address` is inside one of `ranges` (addresses and CIDR subnets, IPv4 and IPv6). An empty list allows every
 * address. An IPv6-mapped IPv4 address (`::ffff:10.0.0.1`) counts as the IPv4 address. A text that is not an address is
 * inside no range.
 */
export function isAllowed(address: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  const client = parseAddress(address);
  if (client === null) return false;
  return ranges.some((text) => {
    const range = parseRange(text);
    return range !== null && range[0].kind() === client.kind() && client.match(range);
  });
}

/** Says what is wrong with one entry of an allow list. null: nothing. */
export function rangeProblem(text: string): string | null {
  if (parseRange(text) !== null) return null;
  return 'expected an IPv4 or IPv6 address or CIDR subnet such as 10.0.0.0/8';
}

function parseRange(text: string): Range | null {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const [, address = '', length] = match ?? [];
  const raw = parseAsWritten(address);
  if (raw === null) return null;
  const width = raw.kind() === 'ipv4' ? 32 : 128;
  const bits = length === undefined ? width : Number(length);
  if (bits > width) return null;
  const isMapped = raw instanceof ipaddr.IPv6 && raw.isIPv4MappedAddress();
  if (isMapped && bits >= MAPPED_PREFIX_BITS) return [raw.toIPv4Address(), bits - MAPPED_PREFIX_BITS];
  return [raw, bits];
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const raw = parseAsWritten(text);
  return raw instanceof ipaddr.IPv6 && raw.isIPv4MappedAddress() ? raw.toIPv4Address() : raw;
}

/** Accepts IPv4 addresses of four decimal parts only: programs disagree on `10.1`, `012.0.0.1` and `0x0a000001`. */
function parseAsWritten(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : null;
}
