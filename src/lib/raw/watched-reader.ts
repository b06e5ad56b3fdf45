import { didYouMean, nearest } from './did-you-mean.ts';
import type { RawObject } from './json.ts';
import { ObjectReader } from './object-reader.ts';
import type { Problems, Watcher } from './problems.ts';

/** So many names are searched faster in a list than in a set that is made for them. */
const FEW = 100;

/**
 * Reads an object whose unknown members are ignored, as the original does. A member that nobody asked for by the end of
 * the reading (`Problems.warnAtEnd`) is named in the warnings, with the known name that is nearest to it.
 */
export class WatchedReader extends ObjectReader<Problems> implements Watcher {
  /** null: the object is not watched, because the body has too many. */
  readonly #asked: string[] | null;
  readonly #silent: Iterable<string>[] = [];
  #elsewhere: ReadonlyMap<string, string> = new Map();

  constructor(raw: RawObject, path: string, problems: Problems) {
    super(raw, path, problems);
    this.#asked = problems.watch(this) ? [] : null;
  }

  override get(key: string): unknown {
    this.#asked?.push(key);
    return super.get(key);
  }

  /** Members that are not read, and that no warning names or suggests. */
  ignore(keys: Iterable<string>): void {
    this.#silent.push(keys);
  }

  /** Says of members that are not known here where the thing is said, in words. */
  explain(elsewhere: ReadonlyMap<string, string>): void {
    this.#elsewhere = elsewhere;
  }

  /** Whether anybody asked for this member so far. */
  protected knows(key: string): boolean {
    return this.#asked?.includes(key) === true;
  }

  /** The known name that was meant. null: none is close. */
  protected meantBy(key: string, known: readonly string[]): string | null {
    return nearest(key, known);
  }

  warnOfUnknown(): void {
    const unknown = this.#unknown();
    if (unknown.length === 0) return;
    const known = this.#known();
    for (const key of unknown) this.problems.warn(() => this.#remark(key, this.meantBy(key, known)));
  }

  hints(most: number): { looked: number; hints: readonly string[] } {
    const known = this.#known();
    const given = this.keys();
    const keys = this.#unknown().slice(0, most);
    const hints = keys.flatMap((key) => {
      const meant = this.meantBy(key, known);
      const isGiven = meant === null || given.includes(meant);
      return isGiven && !this.#elsewhere.has(key) ? [] : [this.#remark(key, meant)];
    });
    return { looked: keys.length, hints };
  }

  #known(): string[] {
    return [...new Set(this.#asked)];
  }

  /** Nearly all objects have few members, all of them known, so sets are made late. */
  #unknown(): string[] {
    const asked = (this.#asked?.length ?? 0) > FEW ? new Set(this.#asked) : null;
    const unasked = this.keys().filter((key) => (asked === null ? !this.knows(key) : !asked.has(key)));
    if (unasked.length === 0) return unasked;
    const silent = new Set(this.#silent.flatMap((keys) => [...keys]));
    return unasked.filter((key) => !silent.has(key));
  }

  #remark(key: string, meant: string | null): string {
    const elsewhere = this.#elsewhere.get(key);
    return `${this.at(key)}: not known, ignored${elsewhere === undefined ? didYouMean(meant) : `; ${elsewhere}`}`;
  }
}
