import { isSpace } from '../values/text.ts';
import { isWord, type Markup } from './markup.ts';

/** Tests and the words between them, in turn. */
export function partsOf(markup: Markup): string[] {
  const parts: string[] = [];
  for (let at = 0; at < markup.length; ) {
    const joint = jointEnd(markup, at);
    const end = joint > at ? joint : testEnd(markup, at);
    if (end > at) parts.push(markup.slice(at, end));
    at = Math.max(end, at + 1);
  }
  return parts;
}

/** The end of an `and` or `or` that stands here between the edges of words, one blank on each side included. */
function jointEnd(markup: Markup, from: number): number {
  if (!isWordEdge(markup, from)) return from;
  const start = isSpace(markup.code(from)) ? from + 1 : from;
  const word = ['and', 'or'].find((each) => markup.text.startsWith(each, start));
  if (word === undefined) return from;
  const end = start + word.length;
  if (isSpace(markup.code(end)) && isWordEdge(markup, end + 1)) return end + 1;
  return isWordEdge(markup, end) ? end : from;
}

function isWordEdge(markup: Markup, at: number): boolean {
  return isLetter(markup.code(at - 1)) !== isLetter(markup.code(at));
}

/** Of any language. */
function isLetter(code: number): boolean {
  return code < 128 ? isWord(code) : /[\p{L}\p{M}\p{N}]/u.test(String.fromCharCode(code));
}

/** A test ends before the next `and` or `or`. */
function testEnd(markup: Markup, from: number): number {
  let end = from;
  for (;;) {
    const start = markup.skipSpace(end);
    if (start >= markup.length || jointEnd(markup, start) > start) return end;
    const fragment = markup.fragmentEnd(start);
    end = markup.skipSpace(fragment > start ? fragment : inkEnd(markup, start));
  }
}

/** The end of what is no blank. */
function inkEnd(markup: Markup, from: number): number {
  let at = from;
  while (at < markup.length && !isSpace(markup.code(at))) at += 1;
  return at;
}
