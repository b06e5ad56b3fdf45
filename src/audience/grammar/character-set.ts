/** Inclusive ranges of code points. */
export type Ranges = readonly (readonly [low: number, high: number])[];

/** A set of characters in a pattern. */
export interface CharacterSet {
  ranges: Ranges;
  /** Whether the set is all characters except `ranges`. */
  isNegated: boolean;
}

const LAST = 0x10ffff;
const LAST_CASED = 0x1e943; // Unicode 16: no later character has two cases

/** `\d`, `\w` and `\s` are limited to ASCII, so that they do not depend on the database's locale. */
export const shorthands: ReadonlyMap<string, Ranges> = new Map<string, Ranges>(
  Object.entries({
    d: [[0x30, 0x39]],
    w: [
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x5f, 0x5f],
      [0x61, 0x7a],
    ],
    s: [
      [0x09, 0x0d],
      [0x20, 0x20],
    ],
  } satisfies Record<string, Ranges>).flatMap(([letter, ranges]): [string, Ranges][] => [
    [letter, ranges],
    [letter.toUpperCase(), complement(ranges)],
  ]),
);

/** All other characters except NUL, which no stored text contains. `ranges` must be sorted and must not touch. */
function complement(ranges: Ranges): Ranges {
  const starts = [1, ...ranges.map(([, high]) => high + 1)];
  const ends = [...ranges.map(([low]) => low - 1), LAST];
  return starts.flatMap((low, index): [number, number][] => {
    const high = ends[index] ?? LAST;
    return low <= high ? [[low, high]] : [];
  });
}

/** The ranges, and all characters that differ only in case from a character in them. */
export function withBothCases(ranges: Ranges): Ranges {
  const merged = merge(ranges);
  const others = merged.flatMap(([low, high]) => {
    const cases = low === high ? casesOf(low) : casesBetween(low, high);
    return cases.filter((one) => one < low || one > high);
  });
  return others.length === 0 ? merged : merge([...merged, ...others.map((one) => [one, one] as const)]);
}

/** The same ranges, sorted and merged so that none touch. */
export function merge(ranges: Ranges): Ranges {
  const merged: [number, number][] = [];
  for (const [low, high] of ranges.toSorted(([one], [other]) => one - other)) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

/** The character, its lower case and its upper case, without those that are several characters. */
function casesOf(codePoint: number): number[] {
  const character = String.fromCodePoint(codePoint);
  if (!hasCases(character)) return [codePoint];
  const cases = [character, character.toLowerCase(), character.toUpperCase()];
  cases.push(character.toUpperCase().toLowerCase());
  return [...new Set(cases.filter((one) => [...one].length === 1).map((one) => one.codePointAt(0) ?? codePoint))];
}

export function hasCases(character: string): boolean {
  return character.toLowerCase() !== character || character.toUpperCase() !== character;
}

let allCased: { codePoints: number[]; cases: number[][] } | null = null;

function casesBetween(low: number, high: number): number[] {
  allCased ??= findCased();
  const [from, to] = [firstFrom(allCased.codePoints, low), firstFrom(allCased.codePoints, high + 1)];
  return allCased.cases.slice(from, to).flat();
}

function findCased(): { codePoints: number[]; cases: number[][] } {
  const codePoints = Array.from({ length: LAST_CASED + 1 }, (_, codePoint) => codePoint).filter(
    (codePoint) => (codePoint < 0xd800 || codePoint > 0xdfff) && casesOf(codePoint).length > 1,
  );
  return { codePoints, cases: codePoints.map(casesOf) };
}

function firstFrom(sorted: readonly number[], least: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Writes the set in the syntax that PostgreSQL and RE2 share. Special characters are escaped. */
export function writeSet({ ranges, isNegated }: CharacterSet): string {
  const [first, ...more] = ranges;
  if (first === undefined) throw new Error('a set of characters is empty');
  if (!isNegated && more.length === 0 && first[0] === first[1]) return write(first[0]);
  const body = ranges.map(([low, high]) => (low === high ? write(low) : `${write(low)}-${write(high)}`));
  return `[${isNegated ? '^' : ''}${body.join('')}]`;
}

function write(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return /^[!-/:-@[-`{-~]$/.test(character) ? `\\${character}` : character;
}
