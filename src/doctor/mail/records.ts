import { createPrivateKey, createPublicKey } from 'node:crypto';

/** Reads `v=DMARC1; p=none`: names in lower case, the first of each. */
export function readTags(record: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const part of record.split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim().toLowerCase();
    if (at > 0 && name !== '' && !tags.has(name)) tags.set(name, part.slice(at + 1).trim());
  }
  return tags;
}

/** Source: RFC 7489 §6.6.3: other records do not count, and with two of these there is no policy. */
export function isDmarc(record: string): boolean {
  return /^v\s*=\s*DMARC1\s*(?:;|$)/.test(record);
}

/** Source: RFC 7208 §4.5. */
export function isSpf(record: string): boolean {
  return /^v=spf1(?: |$)/i.test(record);
}

/** Most lookups that receivers make for an SPF record. Source: RFC 7208 §4.6.4. */
export const MOST_SPF_LOOKUPS = 10;

/** The terms of an SPF record that cost its reader a lookup, and the records that they include. */
export function lookupsOf(record: string): { count: number; includes: string[] } {
  const terms = record
    .split(/\s+/)
    .slice(1)
    .map((term) => term.replace(/^[-+~?]/, '').toLowerCase());
  const asking = terms.filter((term) =>
    /^(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?::|$)|exists:|redirect=)/.test(term),
  );
  const includes = asking.flatMap((term) => /^(?:include:|redirect=)([^%]+)$/.exec(term)?.[1] ?? []);
  return { count: asking.length, includes };
}

/** True: everybody may send with this domain. */
export function letsEverybody(record: string): boolean {
  return /\s\+?all(?:\s|$)/i.test(record);
}

/** The text that `p=` of a DKIM record must have for this private key. */
export function publicKeyText(pem: string): string {
  return createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'der' }).toString('base64');
}
