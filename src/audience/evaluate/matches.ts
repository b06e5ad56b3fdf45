import { RE2JS } from 're2js';
import type { Pattern } from '../grammar/filter.ts';

/** Whether the text contains a match. */
export type Matches = (pattern: Pattern, text: string) => boolean;

const compiled = new WeakMap<Pattern, RE2JS>();

/** Matches with RE2, whose time is linear in the length of the text for every pattern. */
export const re2Matches: Matches = (pattern, text) => {
  const regex = compiled.get(pattern) ?? RE2JS.compile(pattern.forRe2);
  compiled.set(pattern, regex);
  return regex.matcher(text).find();
};

/** Testing these patterns would block the whole server for too long. */
export class TooMuchWork extends Error {}

/** A step takes about 36 ns, all of them 0.1 s. Compiling a pattern of 7,000 characters takes all of them, too. */
const MOST_STEPS = 3_000_000;
/** The time to compile a pattern grows with the square of its size. */
const COMPILE_DIVISOR = 16;

/** `re2Matches` with a limit on the work of all calls together. The returned function throws TooMuchWork. */
export function boundedMatches(mostSteps = MOST_STEPS): Matches {
  let steps = 0;
  return (pattern, text) => {
    const compiling = compiled.has(pattern) ? 0 : pattern.size ** 2 / COMPILE_DIVISOR;
    steps += compiling + pattern.size * (text.length + 1);
    if (steps > mostSteps) throw new TooMuchWork('the patterns are too large for these texts');
    return re2Matches(pattern, text);
  };
}
