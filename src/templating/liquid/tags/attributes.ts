import { isWord, type Markup } from '../reading/markup.ts';

/** Every `key: fragment` in the markup of a loop, in order. */
export function attributesOf(markup: Markup): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < markup.length; ) {
    const key = keyEnd(markup, at);
    const colon = markup.skipSpace(key);
    const value = markup.skipSpace(colon + 1);
    const end = key > at && markup.text[colon] === ':' ? markup.fragmentEnd(value) : value;
    if (end > value) found.push([markup.slice(at, key), markup.slice(value, end)]);
    at = end > value ? end : Math.max(key, at + 1);
  }
  return found;
}

/** A letter, digit or `_`, then also dashes. */
function keyEnd(markup: Markup, from: number): number {
  if (!isWord(markup.code(from))) return from;
  let at = from + 1;
  while (isWord(markup.code(at)) || markup.text[at] === '-') at += 1;
  return at;
}
