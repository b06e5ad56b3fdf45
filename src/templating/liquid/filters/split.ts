import { Needle } from '../../../lib/needle.ts';
import type { Budget } from '../budget.ts';
import { characters, isSpace } from '../values/text.ts';

/** One blank stands for any blanks; nothing stands between all characters. Empty texts at the end are dropped. */
export function split(text: string, pattern: string, budget: Budget): string[] {
  const parts =
    pattern === ' '
      ? words(text, budget)
      : pattern === ''
        ? singles(text, budget)
        : splitAt(text, new Needle(pattern), budget);
  while (parts.at(-1) === '') parts.pop();
  return parts;
}

function singles(text: string, budget: Budget): string[] {
  budget.list(3 * text.length);
  return characters(text);
}

function splitAt(text: string, needle: Needle, budget: Budget): string[] {
  const parts = new Parts(budget);
  let from = 0;
  for (let at = needle.indexIn(text); at !== -1; at = needle.indexIn(text, from)) {
    parts.add(text.slice(from, at));
    from = at + needle.text.length;
  }
  parts.add(text.slice(from));
  return parts.list;
}

/** At most so many: the last one is the rest of the text. With a limit, an empty one stands behind blanks at the end. */
export function words(text: string, budget: Budget, most = Number.POSITIVE_INFINITY): string[] {
  const parts = new Parts(budget);
  let at = skipSpace(text, 0);
  while (at < text.length) {
    if (parts.list.length === most - 1) {
      parts.add(text.slice(at));
      break;
    }
    let end = at;
    while (end < text.length && !isSpace(text.charCodeAt(end))) end += 1;
    parts.add(text.slice(at, end));
    at = skipSpace(text, end);
    if (at === text.length && end < at && Number.isFinite(most)) parts.add('');
  }
  return parts.list;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** A list of texts, each charged. */
class Parts {
  readonly list: string[] = [];
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(part: string): void {
    this.#budget.text(part.length);
    this.list.push(part);
  }
}
