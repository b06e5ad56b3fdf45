import { TemplateSyntaxError } from '../errors.ts';
import { isWord } from '../reading/markup.ts';
import type { TagParser } from '../reading/parser.ts';
import { isSpace } from '../values/text.ts';

/** `name = expression | filter` */
export const assign: TagParser = (tag, parser) => {
  const markup = parser.translate(tag.markup, 'piped');
  const { name, end } = readTarget(markup);
  const value = parser.pipedOf(markup.slice(end));
  return { isSilent: true, render: (frame) => frame.assign(name, value.evaluate(frame)) };
};

/** The first name with a `=` behind it. */
function readTarget(markup: string): { name: string; end: number } {
  for (let at = 0; at < markup.length; ) {
    const end = targetEnd(markup, at);
    const equals = skipSpace(markup, end);
    if (end > at && markup[equals] === '=') return { name: markup.slice(at, end), end: equals + 1 };
    at = Math.max(end, at + 1);
  }
  throw new TemplateSyntaxError('tag assign: expected name = value');
}

function skipSpace(markup: string, from: number): number {
  let at = from;
  while (isSpace(markup.charCodeAt(at))) at += 1;
  return at;
}

/** The end of a name that may be assigned to: letters, digits and `_-.[]`, each in parentheses if need be. */
export function targetEnd(markup: string, from: number): number {
  let at = from;
  for (;;) {
    const letter = markup[at] === '(' ? at + 1 : at;
    if (!isTargetPart(markup.charCodeAt(letter))) return at;
    at = markup[letter + 1] === ')' ? letter + 2 : letter + 1;
  }
}

function isTargetPart(code: number): boolean {
  return isWord(code) || code === 45 || code === 46 || code === 91 || code === 93;
}
