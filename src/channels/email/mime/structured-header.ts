import { asciiAddress } from '../../../lib/email-address.ts';
import { canFold, encodeWords, isPrintable, trimBlanks } from './header-text.ts';

/**
 * Headers whose value has a grammar. Source: RFC 5322 §3.6, RFC 2369, RFC 2919, RFC 8058, RFC 3834, RFC 3798, RFC 2156,
 * RFC 5064. All others are unstructured.
 */
const structured = new Set([
  ...['list-id', 'list-unsubscribe', 'list-unsubscribe-post', 'list-help', 'list-subscribe', 'list-post', 'list-owner'],
  ...['list-archive', 'archived-at', 'in-reply-to', 'references', 'keywords', 'auto-submitted', 'precedence'],
  ...['importance', 'priority', 'sensitivity', 'content-language', 'accept-language', 'auto-response-suppress'],
  ...['disposition-notification-to', 'return-receipt-to', 'errors-to', 'mail-followup-to', 'mail-reply-to'],
  ...['resent-from', 'resent-sender', 'resent-to', 'resent-cc', 'resent-bcc', 'resent-date', 'resent-message-id'],
]);

export function isStructured(name: string): boolean {
  return structured.has(name.toLowerCase());
}

/**
 * The value of a structured header in ASCII: the words of phrases and comments are encoded, what has a meaning of its
 * own (addresses, URLs, ids, marks) stays. null: it cannot be written. Source: RFC 2047 §5 (2), (3).
 */
export function encodeStructured(text: string): string | null {
  const trimmed = trimBlanks(text);
  if (isPrintable(trimmed)) return canFold(trimmed) ? trimmed : null;
  const encoded = phrasesOf(trimmed).map(encodePart);
  const line = encoded.join('');
  return encoded.includes(null) || !isPrintable(line) || !canFold(line) ? null : line;
}

/** Why a value is refused. */
export const UNWRITABLE = 'cannot be written as this header, which has its own grammar,';

/** An angle address, a comment, a comma or semicolon, or a phrase of words and quoted texts. Linear in the text. */
function phrasesOf(text: string): string[] {
  return text.match(/<[^<>]*>?|\((?:[^()\\]|\\.)*(?:\)|$)?|[,;)>]|(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|[^<>"(),;])+/gsu) ?? [];
}

function encodePart(part: string): string | null {
  if (isPrintable(part)) return part;
  if (part.startsWith('<')) return asciiTarget(part);
  if (part.startsWith('(')) return part.endsWith(')') ? `(${encodeWords(unescaped(part.slice(1, -1)))})` : null;
  const inner = trimBlanks(part);
  const phrase = encodePhrase(inner);
  if (phrase === null) return null;
  const at = part.indexOf(inner);
  return `${part.slice(0, at)}${phrase}${part.slice(at + inner.length)}`.replaceAll('\t', ' ');
}

/** A bare address stays an address; anything else is words. */
function encodePhrase(text: string): string | null {
  if (isPrintable(text)) return text;
  return /^[^\s"@]+@[^\s"@]+$/u.test(text) ? asciiAddress(text) : encodeWords(unquoted(text));
}

function unquoted(phrase: string): string {
  return phrase.replace(/"((?:[^"\\]|\\.)*)(?:"|\\?$)/gsu, (_, inner: string) => unescaped(inner));
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gsu, '$1');
}

/** The URL, address or list id between angle brackets, in ASCII. */
function asciiTarget(part: string): string | null {
  if (!part.endsWith('>')) return null;
  const target = part.slice(1, -1).trim();
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) return URL.canParse(target) ? `<${new URL(target).href}>` : null;
  const address = asciiAddress(target.includes('@') ? target : `id@${target}`);
  if (address === null) return null;
  return `<${target.includes('@') ? address : address.slice('id@'.length)}>`;
}
