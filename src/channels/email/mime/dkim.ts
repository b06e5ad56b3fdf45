import { createPrivateKey, hash, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { DkimKey } from '../settings.ts';

/** Headers that are signed if the mail has them. Relays take away or add others. Source: RFC 6376 §5.4.1, RFC 8058 §4. */
const signedHeaders: ReadonlySet<string> = new Set([
  ...['from', 'sender', 'reply-to', 'subject', 'date', 'message-id', 'to', 'mime-version', 'content-type'],
  ...['content-transfer-encoding', 'in-reply-to', 'references', 'auto-submitted', 'feedback-id'],
  ...['list-id', 'list-help', 'list-unsubscribe', 'list-unsubscribe-post', 'list-subscribe', 'list-post'],
  ...['list-owner', 'list-archive'],
]);
/** Headers of which nobody may add a second one. Source: RFC 6376 §5.4.2, §8.15. */
const onlyOnce = ['from', 'to', 'subject', 'content-type'];

const signAsync = promisify(sign);

export interface DkimOptions {
  /** The domain of the mail's sender, as punycode. */
  domain: string;
  date: Date;
  /** Names of headers in lower case that the relay replaces, so they must not be signed. */
  replaced: ReadonlySet<string>;
}

/** Signs a mail as sent over the wire. Resolves with the mail itself if no key is for its domain. */
export type DkimSigner = (mail: string, options: DkimOptions) => Promise<string>;

/**
 * Signs with RSA-SHA256, relaxed/relaxed, off the main thread, because a signature takes most of a millisecond.
 * Source: RFC 6376.
 */
export function createDkimSigner(keys: readonly DkimKey[]): DkimSigner {
  const opened = new Map(keys.map((one) => [one.domain, { ...one, key: createPrivateKey(one.key) }]));
  return async (mail, options) => {
    const found = keyFor(options.domain.toLowerCase(), opened);
    return found === undefined ? mail : `${await signatureOf(mail, found, options)}\r\n${mail}`;
  };
}

interface OpenedKey extends Omit<DkimKey, 'key'> {
  key: KeyObject;
}

/** The key of the domain, or else of the nearest domain above it, which is aligned with it by DMARC. */
function keyFor(domain: string, keys: ReadonlyMap<string, OpenedKey>): OpenedKey | undefined {
  const labels = domain.split('.');
  const domains = labels.map((_, index) => labels.slice(index).join('.'));
  return domains.map((one) => keys.get(one)).find((key) => key !== undefined);
}

async function signatureOf(mail: string, { domain, selector, key }: OpenedKey, options: DkimOptions): Promise<string> {
  const end = mail.indexOf('\r\n\r\n');
  const headers = mail
    .slice(0, end)
    .split(/\r\n(?![ \t])/)
    .map(canonicalHeader)
    .filter(({ name }) => signedHeaders.has(name) && !options.replaced.has(name));
  const names = [...headers.map(({ name }) => name), ...onlyOnce.filter((name) => !options.replaced.has(name))];
  const bodyHash = hash('sha256', canonicalBody(mail.slice(end + 4)), 'base64');
  const seconds = Math.floor(options.date.getTime() / 1_000);
  const unsigned = [
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;',
    ` d=${domain}; s=${selector}; t=${seconds};`,
    ` h=${foldedNames(names)};`,
    ` bh=${bodyHash};`,
    ' b=',
  ].join('\r\n');
  const lines = headers.map(({ line }) => `${line}\r\n`).join('');
  const signature = await signAsync('RSA-SHA256', Buffer.from(lines + canonicalHeader(unsigned).line), key);
  return unsigned + signature.toString('base64').replace(/.{72}(?=.)/g, '$&\r\n ');
}

/** The names between colons, a few on each line. */
function foldedNames(names: readonly string[]): string {
  const lines: string[] = [];
  for (let at = 0; at < names.length; at += 4) lines.push(names.slice(at, at + 4).join(':'));
  return lines.join(':\r\n  ');
}

/** One header in the relaxed form. Source: RFC 6376 §3.4.2. */
function canonicalHeader(header: string): { name: string; line: string } {
  const colon = header.indexOf(':');
  const name = header.slice(0, colon).trim().toLowerCase();
  const value = header
    .slice(colon + 1)
    .replace(/[\r\n]/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
  return { name, line: `${name}:${value}` };
}

/** The body in the relaxed form. Source: RFC 6376 §3.4.4. */
function canonicalBody(body: string): string {
  const text = body.replace(/[ \t]+/g, ' ').replaceAll(' \r\n', '\r\n');
  let end = text.length;
  while (end >= 2 && text.startsWith('\r\n', end - 2)) end -= 2;
  return end === 0 ? '' : `${text.slice(0, end)}\r\n`;
}
