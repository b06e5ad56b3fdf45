/** Returns the next number in [0, 1), evenly spread. The same seed gives the same numbers (mulberry32). */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `least` to `most`. */
export function wholeNumber(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** Draws one of the items, with a probability in proportion to its weight. */
export function drawn<T>(random: Random, weighted: readonly (readonly [T, weight: number])[]): T {
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [one, weight] of weighted) {
    left -= weight;
    if (left < 0) return one;
  }
  throw new RangeError('nothing to draw from');
}
