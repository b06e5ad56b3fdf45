import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { allows, isUsualPort, readAllowedTarget } from './allowed-target.ts';
import { isPublic } from './public-address.ts';

/**
 * Whether a URL may be called. `addresses`: every checked address of the host; the connection must use one of them.
 * `isExempt`: the operator's `allow` list permitted the call, so the block list was not applied.
 */
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
  /** Targets that may be called although they are not public, in the form that `readAllowedTarget` reads. */
  allow: readonly string[];
  /** Returns every address of a host name; throws if it has none. */
  resolve?: (host: string) => Promise<readonly string[]>;
}

/**
 * Decides whether a URL that somebody else chose may be called. Resolves the host once and checks every address.
 * Throws what the resolver throws. Source: messaging-objects.md §9.4.
 */
export async function findPassage(text: string, { allow, resolve = resolveAll }: GuardOptions): Promise<Passage> {
  if (!URL.canParse(text)) return { allowed: false };
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return { allowed: false };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const addresses = ipaddr.isValid(host) ? [host] : await resolve(host);
  const isExempt = allow.some((entry) => {
    const target = readAllowedTarget(entry);
    return target !== null && allows(target, { host, port, addresses });
  });
  if (!isExempt && !(isUsualPort(port) && addresses.every(isPublic))) return { allowed: false };
  const checked = addresses.map((address) => ({ address, family: familyOf(address) }));
  const [first] = checked;
  if (first === undefined) return { allowed: false };
  return { allowed: true, url, ...first, addresses: checked, isExempt };
}

function familyOf(address: string): 4 | 6 {
  return ipaddr.parse(address).kind() === 'ipv4' ? 4 : 6;
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
