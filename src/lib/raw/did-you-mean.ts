/**
 * The candidate that `word` was most likely meant to be, for "did you mean …?". null: no candidate is close.
 * A candidate is close if at most a third of the longer word's characters differ, or one, ignoring letter case.
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (word.length > 100) return null;
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (steps <= allowed && steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

/**
 * The candidate that is near, or that ends with the word or begins with it: `custom_attribute_name` for `name`. null: none.
 * Of several longer ones, the first.
 */
export function nearestOrPart(word: string, candidates: readonly string[]): string | null {
  const near = nearest(word, candidates);
  if (near !== null || word.length < 3 || word.length > 100) return near;
  const part = word.toLowerCase();
  return candidates.find((one) => one.endsWith(`_${part}`) || one.startsWith(`${part}_`)) ?? null;
}

/** `; did you mean …?`, to be added to a problem. Empty: no name is near. */
export function didYouMean(name: string | null): string {
  return name === null ? '' : `; did you mean ${name}?`;
}

/** Number of insertions, deletions, replacements and swaps of neighbours between the words (optimal string alignment). */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= from.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const steps = [at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + same];
      if (row > 1 && column > 1 && swapped) steps.push(at(row - 2, column - 2) + 1);
      rows[row]?.push(Math.min(...steps));
    }
  }
  return at(from.length, to.length);
}
