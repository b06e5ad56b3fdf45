import { domainToASCII } from 'node:url';

const localPart = /^[\p{L}\p{Nd}_+'&#/^$!%*=?`|~-]+(\.[\p{L}\p{Nd}_+'&#/^$!%*=?`|~-]+)*$/u;
/** The same of nearly all addresses, in half the time. */
const plainLocalPart = /^[\w+'&#/^$!%*=?`|~-]+(?:\.[\w+'&#/^$!%*=?`|~-]+)*$/;
/** Two labels or more, the last of which is no number. */
const asciiHost = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * Whether mail may be sent to or from this address. Stricter than RFC 5321, like the original. A domain may be written
 * in Unicode or as punycode. Source: messaging-objects.md §6.2.
 */
export function isEmailAddress(text: string): boolean {
  if (text.length > 254) return false;
  const { local, domain } = partsOf(text);
  const host = asciiDomain(domain);
  if (host === null || Buffer.byteLength(local) + 1 + host.length > 254) return false;
  const isPlain = plainLocalPart.test(local);
  if (!isPlain && !localPart.test(local)) return false;
  const length = isPlain ? local.length : [...local].length;
  if (length > 64) return false;
  if (/msn|hotmail|outlook|live/i.test(host)) return /^\w[-\w]*(\.[-\w]+)*$/.test(local.split('+')[0] ?? '');
  return length > 1 || !/^(gmail|googlemail)\.com$/i.test(host);
}

/** The address as it stands in headers and envelopes: its domain as punycode. Source: RFC 5891. */
export function wireAddress(text: string): string {
  const { local, domain } = partsOf(text);
  const host = asciiDomain(domain);
  return host === null ? text : `${local}@${host}`;
}

/** The same, for what can only be written in ASCII. null: the local part is not ASCII, or the text is no address. */
export function asciiAddress(text: string): string | null {
  const { local, domain } = partsOf(text);
  return asciiDomain(domain) !== null && /^[\x21-\x7e]+$/.test(local) ? wireAddress(text) : null;
}

/** The domain as punycode, null: no domain of an email address. */
function asciiDomain(domain: string): string | null {
  const ascii = /^[\x21-\x7e]*$/.test(domain) ? domain : domainToASCII(domain);
  return ascii.length <= 253 && asciiHost.test(ascii) ? ascii : null;
}

function partsOf(address: string): { local: string; domain: string } {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, Math.max(at, 0)), domain: address.slice(at + 1) };
}

/** Reads `Ada <ada@example.test>`, `"Lovelace, Ada" <…>` or a bare address. null: the text is none of these. */
export function readMailbox(text: string): { name: string; address: string } | null {
  const trimmed = text.trim();
  const open = trimmed.endsWith('>') ? trimmed.lastIndexOf('<') : -1;
  if (open === -1) return isEmailAddress(trimmed) ? { name: '', address: trimmed } : null;
  const address = trimmed.slice(open + 1, -1);
  const name = readPhrase(trimmed.slice(0, open).trimEnd());
  return name !== null && isEmailAddress(address) ? { name, address } : null;
}

/** A name with or without quotes. null: quotes or angle brackets are where they may not be. */
function readPhrase(text: string): string | null {
  if (!text.startsWith('"')) return /[<>"]/.test(text) ? null : text;
  const quoted = /^"([^"\\]*(?:\\.[^"\\]*)*)"$/su.exec(text)?.[1];
  return quoted === undefined ? null : quoted.replace(/\\(.)/gsu, '$1').trim();
}
