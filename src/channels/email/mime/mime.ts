import { randomBytes } from 'node:crypto';
import { readMailbox, wireAddress } from '../../../lib/email-address.ts';
import type { RenderedEmail } from '../rendered.ts';
import type { AttachedFile } from './attached-file.ts';
import { base64Lines } from './base64-lines.ts';
import { filePart } from './file-part.ts';
import { canFold, encodeUnstructured, encodeWords, headerLine, isPrintable } from './header-text.ts';
import { encodeStructured, isStructured } from './structured-header.ts';

export interface MimeInput {
  rendered: RenderedEmail;
  to: string;
  /** The Message-ID without angle brackets. */
  messageId: string;
  date: Date;
  files?: readonly AttachedFile[] | undefined;
  /** Headers for the relay itself, ready to be written. */
  relayHeaders?: readonly (readonly [name: string, value: string])[] | undefined;
}

/**
 * The whole message as sent over the wire: multipart/alternative of plain text and HTML, with files inside
 * multipart/mixed. We build it ourselves and not with the mail library, because building messages limits how fast mail
 * is sent. Source: RFC 5322, RFC 2045, RFC 2047; messaging-objects.md §6.5.
 */
export function buildMime({ rendered, to, messageId, date, files = [], relayHeaders = [] }: MimeInput): string {
  const own = new Set(relayHeaders.map(([name]) => name.toLowerCase()));
  const texts = multipart('alternative', [
    bodyPart('text/plain', rendered.plaintext),
    bodyPart('text/html', rendered.html),
  ]);
  const content = files.length === 0 ? texts : multipart('mixed', [entity(texts), ...files.map(filePart)]);
  const headers: (readonly [string, string])[] = [
    ['From', mailbox(rendered.from)],
    ['To', wireAddress(to)],
    ...(rendered.reply_to === null ? [] : [['Reply-To', mailbox(rendered.reply_to)] as const]),
    ['Subject', encodeUnstructured(rendered.subject)],
    ['Date', date.toUTCString().replace(/GMT$/, '+0000')],
    ['Message-ID', `<${messageId}>`],
    ['MIME-Version', '1.0'],
    ...unsubscribeHeaders(rendered),
    ...Object.entries(rendered.headers)
      .filter(([name]) => !own.has(name.toLowerCase()))
      .flatMap(([name, value]) => encodeHeader(name, value)),
    ...relayHeaders,
    ['Content-Type', content.type],
  ];
  const head = headers.map(([name, value]) => headerLine(name, value)).join('\r\n');
  return `${head}\r\n\r\n${content.body}`;
}

/** A body of parts. */
interface Multipart {
  type: string;
  body: string;
}

function multipart(kind: 'alternative' | 'mixed', parts: readonly string[]): Multipart {
  const boundary = `=_${randomBytes(12).toString('hex')}`;
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('');
  return { type: `multipart/${kind}; boundary="${boundary}"`, body: `${body}--${boundary}--\r\n` };
}

/** A body of parts that is itself a part. */
function entity({ type, body }: Multipart): string {
  return `Content-Type: ${type}\r\n\r\n${body}`;
}

/** Source: RFC 8058. A caller's own header replaces ours. */
export function unsubscribeHeaders({ unsubscribe_url, headers }: RenderedEmail): [string, string][] {
  const given = Object.entries(headers).filter(([, value]) => value.trim() !== '');
  const own = new Set(given.map(([name]) => name.toLowerCase()));
  if (unsubscribe_url === null || own.has('list-unsubscribe')) return [];
  const ours: [string, string][] = [
    ['List-Unsubscribe', `<${unsubscribe_url}>`],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
  ];
  return ours.filter(([name]) => !own.has(name.toLowerCase()));
}

const MAX_LINE = 998;

/** One part of the body: as it is if every line is short plain ASCII, else in base64. */
function bodyPart(type: string, text: string): string {
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n');
  const isPlain = /^[\t\r\n\x20-\x7e]*$/.test(lines) && !hasLongLine(lines);
  const encoding = isPlain ? '7bit' : 'base64';
  const content = isPlain ? lines : base64Lines(Buffer.from(lines, 'utf8'));
  return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}`;
}

function hasLongLine(lines: string): boolean {
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf('\r\n', start);
    const stop = end === -1 ? lines.length : end;
    if (stop - start > MAX_LINE) return true;
    start = stop + 2;
  }
  return false;
}

function mailbox(text: string): string {
  const read = readMailbox(text);
  if (read === null) throw new Error('a mail has a sender that is no address, which its check should have found');
  const address = wireAddress(read.address);
  if (read.name === '') return address;
  const isPlain = isPrintable(read.name) && canFold(read.name) && !read.name.includes('=?');
  const name = isPlain ? `"${read.name.replace(/["\\]/g, '\\$&')}"` : encodeWords(read.name);
  return `${name} <${address}>`;
}

/** A caller's header. A structured one without a value, which no grammar allows, is left out. */
function encodeHeader(name: string, value: string): [string, string][] {
  if (!isStructured(name)) return [[name, encodeUnstructured(value)]];
  const encoded = encodeStructured(value);
  if (encoded === null) throw new Error(`the header ${name} cannot be written, which its check should have found`);
  return encoded === '' ? [] : [[name, encoded]];
}
