import type { Budget } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { type Filter, type Filters, givingHtml, takes } from '../filter.ts';
import { toText } from '../values/show.ts';
import { isNil } from '../values/values.ts';
import { stripHtml } from './strip-html.ts';

/** Text → text. `growth`: how many times longer it may become. */
function encoding(growth: number, change: (text: string) => string): Filter {
  return takes(0, (input, _args, { budget }) => changed(toText(input, budget), growth, change, budget));
}

/** As `encoding`; nil stays nil. */
function optionalEncoding(growth: number, change: (text: string) => string): Filter {
  return takes(0, (input, _args, { budget }) =>
    isNil(input) ? null : changed(toText(input, budget), growth, change, budget),
  );
}

function changed(text: string, growth: number, change: (text: string) => string, budget: Budget): string {
  budget.work(growth * text.length);
  const result = change(text);
  budget.text(result.length);
  return result;
}

export const encodingFilters: Filters = new Map<string, Filter>([
  ['escape', givingHtml(optionalEncoding(6, escapeHtml))],
  ['h', givingHtml(optionalEncoding(6, escapeHtml))],
  ['escape_once', givingHtml(encoding(6, escapeOnce))],
  ['newline_to_br', encoding(7, (text) => text.replace(/\r?\n/g, '<br />\n'))],
  ['strip_html', encoding(2, stripHtml)],
  ['url_encode', optionalEncoding(9, urlEncode)],
  ['url_decode', optionalEncoding(3, urlDecode)],
  ['base64_encode', encoding(2, (text) => Buffer.from(text).toString('base64'))],
  ['base64_decode', encoding(2, (text) => base64Decode(text, 'base64'))],
  [
    'base64_url_safe_encode',
    encoding(2, (text) => Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_')),
  ],
  [
    'base64_url_safe_decode',
    encoding(2, (text) => base64Decode(text.replaceAll('-', '+').replaceAll('_', '/'), 'base64url')),
  ],
]);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Entities that are there already stay as they are. */
function escapeOnce(text: string): string {
  return text.replace(/["><']|&(?!(?:[a-zA-Z]+|#\d+);)/g, (character) => entities[character] ?? character);
}

/** Letters, digits and `_.-~` stay; a blank becomes `+`. */
export function urlEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function urlDecode(text: string): string {
  const bytes = Buffer.from(text.replaceAll('+', ' '));
  const decoded = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] === PERCENT ? hexAt(bytes, at + 1) : null;
    decoded[length] = byte ?? bytes[at] ?? 0;
    length += 1;
    if (byte !== null) at += 2;
  }
  return utf8(decoded.subarray(0, length), 'url_decode');
}

const PERCENT = 37;

/** The byte that two digits stand for; null if there are none. */
function hexAt(bytes: Buffer, at: number): number | null {
  const digits = bytes.toString('latin1', at, at + 2);
  return /^[\da-f]{2}$/i.test(digits) ? Number.parseInt(digits, 16) : null;
}

/** Padded, without line breaks; padding is optional where it is meant for URLs. */
function base64Decode(text: string, form: 'base64' | 'base64url'): string {
  const padded = form === 'base64url' && !text.endsWith('=') ? text + '='.repeat((4 - (text.length % 4)) % 4) : text;
  const isValid = padded.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(padded);
  const bytes = Buffer.from(padded, 'base64');
  if (!isValid || bytes.toString('base64') !== padded) throw new LiquidError('invalid base64');
  return utf8(bytes, 'base64_decode');
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array, filter: string): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new LiquidError(`${filter}: not UTF-8`);
  }
}
