import { isDigit } from '../values/numbers.ts';
import { isNamePart, isWord, MARK, type Markup } from './markup.ts';

export type Kind =
  | 'comparison'
  | 'string'
  | 'number'
  | 'name'
  | 'range'
  | 'end'
  | '|'
  | '.'
  | ':'
  | ','
  | '['
  | ']'
  | '('
  | ')';

export interface Word {
  kind: Kind;
  text: string;
}

const specials = new Set<string>(['|', '.', ':', ',', '[', ']', '(', ')']);

/** The words of an output; null where something stands that is none. */
export function wordsOf(markup: Markup): Word[] | null {
  const words: Word[] = [];
  for (let at = markup.skipSpace(0); at < markup.length; ) {
    const word = wordAt(markup, at);
    if (word === null) return null;
    words.push(word);
    at = markup.skipSpace(at + word.text.length);
  }
  words.push({ kind: 'end', text: '' });
  return words;
}

const comparison = /==|!=|<>|<=?|>=?|contains(?=[ \t-\r])/y;

function wordAt(markup: Markup, at: number): Word | null {
  comparison.lastIndex = at;
  const compared = comparison.exec(markup.text)?.[0];
  if (compared !== undefined) return { kind: 'comparison', text: compared };
  const quoted = markup.quotedEnd(at);
  if (quoted > at) return { kind: 'string', text: markup.slice(at, quoted) };
  const number = numberEnd(markup, at);
  if (number > at) return { kind: 'number', text: markup.slice(at, number) };
  const name = nameEnd(markup, at);
  if (name > at) return { kind: 'name', text: markup.slice(at, name) };
  if (markup.text.startsWith('..', at)) return { kind: 'range', text: '..' };
  const character = markup.text[at] ?? '';
  return specials.has(character) ? { kind: character as Kind, text: character } : null;
}

/** `-12.5` */
function numberEnd(markup: Markup, from: number): number {
  const first = markup.code(from) === 45 ? from + 1 : from;
  const whole = digitsEnd(markup, first);
  if (whole === first) return from;
  const fraction = markup.text[whole] === '.' ? digitsEnd(markup, whole + 1) : whole;
  return fraction > whole + 1 ? fraction : whole;
}

function digitsEnd(markup: Markup, from: number): number {
  let at = from;
  while (isDigit(markup.code(at))) at += 1;
  return at;
}

/** Names begin with a letter or `_`. */
function nameEnd(markup: Markup, from: number): number {
  const first = markup.code(from);
  if (markup.text[from] !== MARK && (!isWord(first) || isDigit(first))) return from;
  let at = from + 1;
  while (isNamePart(markup.code(at))) at += 1;
  return markup.text[at] === '?' ? at + 1 : at;
}
