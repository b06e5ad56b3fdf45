import type { AttachedFile } from './attached-file.ts';

const LONGEST_SECTION = 60;

/** The part of a mail that holds a file. Source: RFC 2183, RFC 2045. */
export function filePart({ name, type, base64 }: AttachedFile): string {
  return [
    `Content-Type: ${type}`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment;${parameter('filename', name)}`,
    '',
    base64,
  ].join('\r\n');
}

/**
 * A parameter on lines of its own: quoted if it is short plain ASCII, else percent-encoded in sections that fit on a
 * line. No character is split. Source: RFC 2231 §3, §4.
 */
function parameter(name: string, value: string): string {
  if (/^[\x20-\x7e]*$/.test(value) && value.length <= LONGEST_SECTION)
    return `\r\n ${name}="${value.replace(/["\\]/g, '\\$&')}"`;
  const sections: string[] = [''];
  for (const character of value.toWellFormed()) {
    const encoded = /^[A-Za-z0-9._-]$/.test(character) ? character : percentEncoded(character);
    const last = sections.at(-1) ?? '';
    if (last.length + encoded.length > LONGEST_SECTION) sections.push(encoded);
    else sections[sections.length - 1] = last + encoded;
  }
  if (sections.length === 1) return `\r\n ${name}*=utf-8''${sections[0]}`;
  return sections.map((section, index) => `\r\n ${name}*${index}*=${index === 0 ? "utf-8''" : ''}${section}`).join(';');
}

function percentEncoded(character: string): string {
  return Buffer.from(character).reduce(
    (text, byte) => `${text}%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    '',
  );
}
