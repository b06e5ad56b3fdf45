import type { Frame } from './frame.ts';
import type { Value } from './values/values.ts';

/** `args` are as many as `least` to `most` say. Throws LiquidError for arguments that make no sense. */
export interface Filter {
  least: number;
  most: number;
  /** What it gives is HTML as it stands: behind it, an output escapes nothing. */
  givesHtml?: true;
  apply(input: Value, args: readonly Value[], frame: Frame): Value;
}

export type Filters = ReadonlyMap<string, Filter>;

/** A filter that takes exactly so many arguments. */
export function takes(count: number, apply: Filter['apply']): Filter {
  return { least: count, most: count, apply };
}

export function takesUpTo(least: number, most: number, apply: Filter['apply']): Filter {
  return { least, most, apply };
}

/** The same filter, whose result no output escapes. */
export function givingHtml(filter: Filter): Filter {
  return { ...filter, givesHtml: true };
}
