import { counted } from '../lib/counted.ts';
import { isObject } from '../lib/raw/json.ts';

/** Longest answer of a tool, in bytes of JSON. It is sent twice: as text, and as structured content. */
export const MOST_ANSWER_BYTES = 32_768;
/** Values within more values than this are left out. */
const MOST_DEPTH = 40;
/** Most sentences about what was cut. */
const MOST_CUTS = 10;
const CURSOR = 'next_cursor';

/** How much of an answer is shown: characters of a text, and entries of a list or members of an object. */
interface Measure {
  text: number;
  entries: number;
}

/** Tried in order, until the answer fits. Long texts go first, because lists say more in fewer bytes. */
const measures: readonly Measure[] = [
  { text: 4_000, entries: Number.POSITIVE_INFINITY },
  { text: 1_000, entries: Number.POSITIVE_INFINITY },
  { text: 1_000, entries: 100 },
  { text: 500, entries: 50 },
  { text: 300, entries: 25 },
  { text: 200, entries: 10 },
  { text: 100, entries: 3 },
];

/**
 * Returns the answer of a tool in at most `mostBytes`. If it was cut, `cut` has a sentence for each thing that was, and `more`
 * as the last: how to get the rest.
 */
export function bounded(answer: object, more: string, mostBytes = MOST_ANSWER_BYTES): Record<string, unknown> {
  const whole = { ...answer };
  if (bytesOf(whole) <= mostBytes) return whole;
  for (const measure of measures) {
    const cuts = new Cuts(measure);
    const shown = cuts.members(whole);
    const candidate = { ...shown, cut: [...cuts.sentences(), more] };
    if (bytesOf(candidate) <= mostBytes) return candidate;
  }
  const scalars = Object.entries(whole).filter(([, value]) => typeof value !== 'object' && !isLong(value));
  const cut = [`The answer has ${bytesOf(whole)} bytes, too many to show a part of it.`, more];
  return { ...Object.fromEntries(scalars), cut };
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > 300;
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

class Cuts {
  readonly #measure: Measure;
  #texts = 0;
  #isDeep = false;
  #isCursorGone = false;
  /** By path, such as `recipients` or `users[].devices`: the entries of the longest one. */
  readonly #lists = new Map<string, number>();

  constructor(measure: Measure) {
    this.#measure = measure;
  }

  /** The answer itself keeps all its members. If its list is cut, the cursor would skip entries, so it goes. */
  members(answer: Record<string, unknown>): Record<string, unknown> {
    const shown = Object.entries(answer).map(([name, value]) => [name, this.#shorten(value, name, 1)] as const);
    const isListCut = Object.keys(answer).some((name) => this.#lists.has(name));
    this.#isCursorGone = isListCut && Object.hasOwn(answer, CURSOR);
    return Object.fromEntries(shown.filter(([name]) => !(this.#isCursorGone && name === CURSOR)));
  }

  sentences(): string[] {
    const { text, entries } = this.#measure;
    const lists = [...this.#lists].map(([path, all]) => `${path}: the first ${entries} of ${all} are shown.`);
    return [
      ...(this.#texts > 0 ? [`${counted(this.#texts, 'long text')} shown to the first ${text} characters.`] : []),
      ...(this.#isDeep ? ['Values that are nested too deeply are left out.'] : []),
      ...lists.slice(0, MOST_CUTS),
      ...(this.#isCursorGone
        ? [`${CURSOR} is left out, because it would skip the others: ask with limit ${entries}.`]
        : []),
    ];
  }

  #shorten(value: unknown, path: string, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MOST_DEPTH) {
      this.#isDeep = true;
      return null;
    }
    if (Array.isArray(value)) {
      const kept = this.#first(value, path);
      return kept.map((one) => this.#shorten(one, `${path}[]`, depth + 1));
    }
    if (!isObject(value)) return null;
    const kept = this.#first(Object.entries(value), path);
    return Object.fromEntries(kept.map(([name, one]) => [name, this.#shorten(one, `${path}.${name}`, depth + 1)]));
  }

  #first<T>(all: readonly T[], path: string): readonly T[] {
    if (all.length <= this.#measure.entries) return all;
    this.#lists.set(path, Math.max(all.length, this.#lists.get(path) ?? 0));
    return all.slice(0, this.#measure.entries);
  }

  #text(text: string): string {
    const { text: most } = this.#measure;
    if (text.length <= most) return text;
    this.#texts += 1;
    return `${text.slice(0, most)}… [${text.length} characters in all]`.toWellFormed();
  }
}
