/**
 * Whether mail may be sent to or from this address. Stricter than RFC 5321, like the original.
 * Source: messaging-objects.md §6.2.
 */
export function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || Buffer.byteLength(text) > 254) return false;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (local.length > 64 || !isDomain(domain)) return false;
  const host = domain.toLowerCase();
  if (/msn|hotmail|outlook|live/.test(host)) return /^\w[-\w]*(\.[-\w]+)*$/.test(local.split('+')[0] ?? '');
  if (/^(gmail|googlemail)\.com$/.test(host) && local.length < 2) return false;
  return /^[\p{L}\p{Nd}_-]([\p{L}\p{Nd}_.+'&#/-]*[\p{L}\p{Nd}_-])?$/u.test(local);
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

function isDomain(domain: string): boolean {
  const labels = domain.split('.');
  const top = labels.at(-1) ?? '';
  return labels.length >= 2 && domain.length <= 253 && labels.every((one) => label.test(one)) && !/^\d+$/.test(top);
}

/** Reads `Ada <ada@example.test>`, `"Lovelace, Ada" <…>` or a bare address. null: the text is none of these. */
export function readMailbox(text: string): { name: string; address: string } | null {
  const trimmed = text.trim();
  const match = /^(?:"((?:[^"\\]|\\.)*)"|([^<>"]*))\s*<([^<>\s]+)>$/u.exec(trimmed);
  const address = match?.[3] ?? trimmed;
  if (!isEmailAddress(address)) return null;
  const quoted = match?.[1]?.replace(/\\(.)/gu, '$1');
  return { name: (quoted ?? match?.[2] ?? '').trim(), address };
}
