import { TemplateSyntaxError } from '../errors.ts';
import { stripStart } from '../values/text.ts';
import type { TagToken, Token } from './token.ts';

const line = /^(#|\w+)[ \t-\r]*([\s\S]*)$/;

/** The lines of the tag `liquid`, each a tag without braces. */
export function linesOf({ markup, at }: TagToken): Token[] {
  const tokens: Token[] = [];
  let comments = 0;
  for (const text of markup.split('\n').map(stripStart)) {
    const match = line.exec(text);
    const name = match?.[1] ?? '';
    if (name === 'comment') comments += 1;
    else if (comments > 0) comments -= name === 'endcomment' ? 1 : 0;
    else if (match !== null) tokens.push({ kind: 'tag', name, markup: match[2] ?? '', at, ...untrimmed });
    else if (text !== '') throw new TemplateSyntaxError('tag liquid: expected a tag on each line');
  }
  if (comments > 0) throw new TemplateSyntaxError('tag comment is not closed');
  return tokens;
}

const untrimmed = { trimsBefore: false, trimsAfter: false };
