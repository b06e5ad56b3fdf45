import type { Budget } from '../budget.ts';
import { type Filter, type Filters, takes, takesUpTo } from '../filter.ts';
import { capitalize, toLower } from '../values/letter-case.ts';
import { toText } from '../values/show.ts';
import { strip, stripEnd, stripStart } from '../values/text.ts';
import { replaceAll, replaceFirst, replaceLast } from './replace.ts';
import { split } from './split.ts';
import { sliceOf, truncate, truncateWords } from './truncate.ts';

/** Text → text, without arguments. At most three times as long. */
function textFilter(change: (text: string) => string): Filter {
  return takes(0, (input, _args, { budget }) => {
    const text = toText(input, budget);
    budget.text(text.length);
    return change(text);
  });
}

export const textFilters: Filters = new Map<string, Filter>([
  ['append', takes(1, (input, [other], { budget }) => joined(toText(input, budget), toText(other, budget), budget))],
  ['prepend', takes(1, (input, [other], { budget }) => joined(toText(other, budget), toText(input, budget), budget))],
  ['capitalize', textFilter(capitalize)],
  ['downcase', textFilter(toLower)],
  ['upcase', textFilter((text) => text.toUpperCase())],
  ['strip', textFilter(strip)],
  ['lstrip', textFilter(stripStart)],
  ['rstrip', textFilter(stripEnd)],
  ['strip_newlines', textFilter((text) => text.replace(/\r?\n/g, ''))],
  ['slice', takesUpTo(1, 2, (input, [start, length], { budget }) => sliceOf(input, start, length, budget))],
  ['split', takes(1, (input, [pattern], { budget }) => split(toText(input, budget), toText(pattern, budget), budget))],
  ['truncate', takesUpTo(0, 2, (input, [length, ending], { budget }) => truncate(input, length, ending, budget))],
  [
    'truncatewords',
    takesUpTo(0, 2, (input, [words, ending], { budget }) => truncateWords(input, words, ending, budget)),
  ],
  ['replace', replacing(replaceAll, 1)],
  ['replace_first', replacing(replaceFirst, 1)],
  ['replace_last', replacing(replaceLast, 2)],
  ['remove', removing(replaceAll)],
  ['remove_first', removing(replaceFirst)],
  ['remove_last', removing(replaceLast)],
]);

type Replace = (text: string, pattern: string, replacement: string, budget: Budget) => string;

function replacing(replace: Replace, least: number): Filter {
  return takesUpTo(least, 2, (input, [pattern, replacement], { budget }) =>
    replace(toText(input, budget), toText(pattern, budget), toText(replacement, budget), budget),
  );
}

function removing(replace: Replace): Filter {
  return takes(1, (input, [pattern], { budget }) =>
    replace(toText(input, budget), toText(pattern, budget), '', budget),
  );
}

function joined(one: string, other: string, budget: Budget): string {
  budget.text(one.length + other.length);
  return one + other;
}
