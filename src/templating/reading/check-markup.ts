import { TemplateSyntaxError } from '../liquid/errors.ts';
import type { Markup } from '../liquid/reading/markup.ts';
import type { MarkupKind } from '../liquid/reading/parser.ts';
import { isSpace } from '../liquid/values/text.ts';

/** Filters do not stand in conditions, loops and cases; parentheses only stand for ranges. Source: personalization.md §2. */
export function checkOperators(markup: Markup, kind: MarkupKind): void {
  for (let at = 0; at < markup.length; at = Math.max(at + 1, markup.quotedEnd(at))) {
    const character = markup.text[at];
    if (character === '|') throw new TemplateSyntaxError('filters are not supported in conditions, cases and loops');
    if (kind !== 'condition' || (character !== '(' && character !== ')')) continue;
    const end = rangeEnd(markup, at);
    if (end === null) throw new TemplateSyntaxError('parentheses are not supported in conditions');
    at = end;
  }
}

/** The closing parenthesis of a range that begins here. */
function rangeEnd(markup: Markup, from: number): number | null {
  let at = from + 1;
  while (at < markup.length && !isSpace(markup.code(at)) && !/[()]/.test(markup.text[at] ?? '')) at += 1;
  return markup.text[from] === '(' && markup.text[at] === ')' && markup.slice(from, at).includes('..') ? at : null;
}
