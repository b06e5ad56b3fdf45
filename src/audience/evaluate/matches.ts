import { RE2JS } from 're2js';
import type { Pattern } from '../grammar/filter.ts';

/** Whether the text contains a match. */
export type Matches = (pattern: Pattern, text: string) => boolean;

const compiled = new WeakMap<Pattern, RE2JS>();

/** By RE2: linear in the text, whatever the pattern. */
export const re2Matches: Matches = (pattern, text) => {
  const regex = compiled.get(pattern) ?? RE2JS.compile(pattern.forRe2);
  compiled.set(pattern, regex);
  return regex.matcher(text).find();
};

/** Trying these patterns would keep the whole server from its work for too long. */
export class TooMuchWork extends Error {}

/** About 36 ns each here, and as many again to compile a pattern of 7,000 characters: a tenth of a second in all. */
const MOST_STEPS = 3_000_000;
/** Compiling takes time by the square of the size. */
const COMPILE_DIVISOR = 16;

/** As `re2Matches`, with so much work in all and no more. It throws TooMuchWork. */
export function boundedMatches(mostSteps = MOST_STEPS): Matches {
  let steps = 0;
  return (pattern, text) => {
    const compiling = compiled.has(pattern) ? 0 : pattern.size ** 2 / COMPILE_DIVISOR;
    steps += compiling + pattern.size * (text.length + 1);
    if (steps > mostSteps) throw new TooMuchWork('the patterns are too large for these texts');
    return re2Matches(pattern, text);
  };
}
