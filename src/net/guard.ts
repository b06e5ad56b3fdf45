import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

/** Where a call may go: the checked addresses, to which the connection is pinned, and whether only `allow` let it. */
export type Passage =
  | {
      allowed: true;
      url: URL;
      address: string;
      family: 4 | 6;
      addresses: { address: string; family: 4 | 6 }[];
      isExempt: boolean;
    }
  | { allowed: false };

export interface GuardOptions {
  /** `host`, `host:port`, an address or a CIDR range: may be reached although it is inside. */
  allow: readonly string[];
  /** Every address of a name; throws when there is none. */
  resolve?: (host: string) => Promise<readonly string[]>;
}

const blocked = [
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
  '::/128',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
  '2001:db8::/32',
].map((range) => ipaddr.parseCIDR(range));

/**
 * Whether a URL from outside may be called: resolved once, every address of it checked.
 * Throws what the resolver throws. Source: messaging-objects.md 9.4.
 */
export async function findPassage(text: string, { allow, resolve = resolveAll }: GuardOptions): Promise<Passage> {
  if (!URL.canParse(text)) return { allowed: false };
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return { allowed: false };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const isNamed = allow.includes(host) || allow.includes(`${host}:${port}`) || allow.includes(`[${host}]:${port}`);
  const addresses = ipaddr.isValid(host) ? [host] : await resolve(host);
  const isInside = addresses.every((address) => allow.some((range) => holds(range, address)));
  const isFree = isNamed || isInside;
  if (!isFree && port !== '80' && port !== '443') return { allowed: false };
  if (!isFree && addresses.some(isBlocked)) return { allowed: false };
  const checked = addresses.map((address) => ({ address, family: familyOf(address) }));
  const [first] = checked;
  if (first === undefined) return { allowed: false };
  return { allowed: true, url, ...first, addresses: checked, isExempt: isFree };
}

function familyOf(address: string): 4 | 6 {
  return ipaddr.parse(address).kind() === 'ipv4' ? 4 : 6;
}

/** True for every address that is not a public one, in whatever form it hides an IPv4 address. */
export function isBlocked(text: string): boolean {
  if (!ipaddr.isValid(text)) return true;
  const address = ipaddr.parse(text);
  const inner = address instanceof ipaddr.IPv6 ? embeddedIPv4(address) : null;
  if (inner !== null) return isBlocked(inner);
  return blocked.some((range) => range[0].kind() === address.kind() && address.match(range));
}

/** IPv4-mapped, NAT64 and 6to4 addresses lead to the IPv4 address inside them. */
function embeddedIPv4(address: ipaddr.IPv6): string | null {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString();
  const bytes = address.toByteArray();
  if (address.match(ipaddr.parseCIDR('64:ff9b::/96') as [ipaddr.IPv6, number])) return bytes.slice(12).join('.');
  return address.match(ipaddr.parseCIDR('2002::/16') as [ipaddr.IPv6, number]) ? bytes.slice(2, 6).join('.') : null;
}

function holds(range: string, text: string): boolean {
  const address = ipaddr.process(text);
  if (ipaddr.isValid(range)) return ipaddr.process(range).toString() === address.toString();
  if (!ipaddr.isValidCIDR(range)) return false;
  const cidr = ipaddr.parseCIDR(range);
  return cidr[0].kind() === address.kind() && address.match(cidr);
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
