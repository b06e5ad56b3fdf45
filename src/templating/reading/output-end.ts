import { MAX_DEPTH } from '../liquid/errors.ts';

/**
 * Where the output ends whose inside begins at `start`: at the `}}` that belongs to it. What stands in `${…}` and in
 * inner outputs does not end it, nor do braces in quotes, provided that they are in pairs there: `{{ don't }}` has no
 * text in quotes. A text instead: what is wrong.
 */
export function findOutputEnd(text: string, start: number): number | string {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const character = text[at];
    if (character === '"' || character === "'") at = Math.max(at + 1, quotedEnd(text, at));
    else if (text.startsWith('${', at)) {
      at = nameEnd(text, at);
      if (at === -1) return '${ is not closed';
    } else if (text.startsWith('{{', at)) {
      depth += 1;
      at += 2;
      if (depth > MAX_DEPTH) return `braces nested more than ${MAX_DEPTH} deep`;
    } else if (character === '}') {
      if (text[at + 1] !== '}') return 'a brace too few at the end of an output';
      if (depth === 0) return at;
      depth -= 1;
      at += 2;
    } else at += 1;
  }
  return 'output is not closed';
}

/** Behind the `}` of a name that begins here with `${`; -1 if it is not closed. */
export function nameEnd(text: string, at: number): number {
  const end = text.indexOf('}', at);
  return end === -1 ? -1 : end + 1;
}

/** The end of the text in quotes that begins here; `at` itself if there is none. */
function quotedEnd(text: string, at: number): number {
  let depth = 0;
  let hasClosing = false;
  for (let next = at + 1; next < text.length; ) {
    const character = text[next];
    if (character === text[at] && (depth === 0 || !hasClosing)) return next + 1;
    if (text.startsWith('${', next)) {
      next = nameEnd(text, next);
      if (next === -1) return at;
    } else if (text.startsWith('{{', next)) {
      depth += 1;
      next += 2;
    } else if (character === '}') {
      if (text[next + 1] !== '}' || depth === 0) return at;
      depth -= 1;
      next += 2;
      hasClosing = true;
    } else next += 1;
  }
  return at;
}
