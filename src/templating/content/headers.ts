import { isObject } from '../../lib/raw/json.ts';
import { LiquidError, TemplateSyntaxError } from '../liquid/errors.ts';
import type { Frame } from '../liquid/frame.ts';
import { toOutput } from '../liquid/values/show.ts';
import { isHash, type Value } from '../liquid/values/values.ts';
import { type Parts, textOf } from './parts.ts';

/** Gives the headers of one rendering: names in lower case → values. Throws LiquidError for what may not be sent. */
export type HeadersOf = (frame: Frame) => Record<string, string>;

/** Headers that the server sets itself. Source: personalization.md §8. */
const ownHeader =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|proxy-.*|expect|accept-encoding)$/i;
const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
const MOST_HEADERS = 50;
const MOST_CHARACTERS = 16_384;

/** Stands for an output while the JSON around it is read. Unicode keeps these characters for private use. */
const OPEN = '\ue000';
const CLOSE = '\ue001';

/**
 * Reads the JSON object of `:headers`. It is read before its outputs are rendered, so that a person's attribute ends up in
 * the value that it stands in, and never as another header. An output may also give the whole object.
 * Throws TemplateSyntaxError.
 */
export function readHeaders(parts: Parts): HeadersOf {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string')
    return (frame) => checked(pairsOf(only.evaluate(frame), frame));
  const pairs = Object.entries(readObject(parts)).map(([name, value]): [Parts, Parts] => {
    if (typeof value === 'object') throw fault('expected a text for each name');
    const known = [partsIn(name, parts), partsIn(String(value), parts)] as const;
    const [literal] = known[0];
    if (known[0].length === 1 && typeof literal === 'string') checkName(literal, TemplateSyntaxError);
    return [known[0], known[1]];
  });
  return (frame) => checked(pairs.map(([name, value]) => [textOf(name, frame), textOf(value, frame)]));
}

function readObject(parts: Parts): Record<string, unknown> {
  let text = '';
  let isQuoted = false;
  for (const [index, part] of parts.entries()) {
    if (typeof part !== 'string') {
      const place = OPEN + index + CLOSE;
      text += isQuoted ? place : `"${place}"`;
      continue;
    }
    if (part.includes(OPEN) || part.includes(CLOSE)) throw fault('they hold a character of Unicode for private use');
    for (let at = 0; at < part.length; at += 1) {
      if (isQuoted && part[at] === '\\') at += 1;
      else if (part[at] === '"') isQuoted = !isQuoted;
    }
    text += part;
  }
  try {
    const read: unknown = JSON.parse(text);
    if (isObject(read)) return read;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw fault('expected a JSON object such as {"X-Key": "value"}');
}

/** The text with its outputs again. */
function partsIn(text: string, parts: Parts): Parts {
  return text
    .split(/(\ue000\d+\ue001)/)
    .filter((piece) => piece !== '')
    .map((piece) => (piece.startsWith(OPEN) ? (parts[Number(piece.slice(1, -1))] ?? '') : piece));
}

function pairsOf(value: Value, frame: Frame): [string, string][] {
  const read = typeof value === 'string' ? parsed(value) : value;
  if (!isHash(read)) throw new LiquidError('connected_content: the headers are not a JSON object');
  return Object.entries(read).map(([name, one]) => [name, toOutput(one, frame.budget)]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the caller says what was expected, without the text
  }
}

function checked(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const characters = pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (pairs.length > MOST_HEADERS || characters > MOST_CHARACTERS)
    throw new LiquidError(
      `connected_content: more than ${MOST_HEADERS} headers or ${MOST_CHARACTERS} characters of them`,
    );
  return Object.fromEntries(
    pairs.map(([name, value]) => {
      checkName(name, LiquidError);
      if (!valueForm.test(value))
        throw new LiquidError(
          `connected_content: the header ${name} holds a line break or a character outside Latin-1`,
        );
      return [name.toLowerCase(), value];
    }),
  );
}

function checkName(name: string, Fault: typeof LiquidError | typeof TemplateSyntaxError): void {
  if (!nameForm.test(name)) throw new Fault('connected_content: a header has a name that may not be sent');
  if (ownHeader.test(name)) throw new Fault(`connected_content: the header ${name} is set by the server`);
}

function fault(reason: string): TemplateSyntaxError {
  return new TemplateSyntaxError(`connected_content: headers: ${reason}`);
}
