import type { ErrorCode } from '../../errors.ts';
import { didYouMean, nearestOrPart } from './did-you-mean.ts';
import { describe, isObject, memberPath, own, type RawObject } from './json.ts';
import { isEmpty, isGiven, type Reading } from './lenient.ts';
import type { Sink, Stage } from './problems.ts';

/** Most unknown members that are said what they were meant to be. */
const MOST_HINTS = 100;

/**
 * Reads one raw JSON object, member by member. A wrong value is filed in `problems` under its path and reads as
 * `undefined`, like an absent one. Subclasses, and the readers passed in, say which values are good.
 */
export class ObjectReader<S extends Sink = Sink> {
  /** The object's path from the root. Empty: the object is the root. */
  readonly path: string;
  readonly problems: S;
  readonly #raw: RawObject;

  constructor(raw: RawObject, path: string, problems: S) {
    this.#raw = raw;
    this.path = path;
    this.problems = problems;
  }

  get(key: string): unknown {
    return own(this.#raw, key);
  }

  /** Whether the member is neither absent nor null. */
  has(key: string): boolean {
    const value = this.get(key);
    return value !== undefined && value !== null;
  }

  at(key: string): string {
    return memberPath(this.path, key);
  }

  refuse(key: string, reason: string, stage: Stage = 'type', code?: ErrorCode): void {
    this.problems.add(stage, this.at(key), reason, code);
  }

  keys(): string[] {
    return Object.keys(this.#raw);
  }

  /** The members that are not among `known`. */
  unknown(known: readonly string[]): string[] {
    return this.keys().filter((key) => !known.includes(key));
  }

  refuseUnknown(known: readonly string[]): void {
    for (const [index, key] of this.unknown(known).entries()) {
      const hint = index < MOST_HINTS ? didYouMean(nearestOrPart(key, known)) : '';
      this.refuse(key, `unknown member; ${known.join(', ')} are known${hint}`);
    }
  }

  scalar<T>(key: string, read: (value: unknown) => Reading<T>): T | undefined {
    const value = this.get(key);
    const reading = read(value);
    if (reading.ok) return reading.value;
    this.refuse(key, `expected ${reading.expected}, got ${describe(value)}`);
    return undefined;
  }

  /** Reads one of `words`, exactly as written. The empty text counts as absent. */
  word<const W extends string>(key: string, words: readonly W[]): W | undefined {
    if (!isGiven(this.get(key))) return undefined;
    const found = words.find((word) => word === this.get(key));
    if (found === undefined) this.refuse(key, `expected one of ${words.join(', ')}`);
    return found;
  }

  /** Reads an object with any members. An empty text and an empty array count as absent. */
  rawObject(key: string, code?: ErrorCode): RawObject | undefined {
    const value = this.get(key);
    if (isObject(value)) return value;
    if (isEmpty(value)) return undefined;
    this.refuse(key, `expected an object, got ${describe(value)}`, 'type', code);
    return undefined;
  }
}
