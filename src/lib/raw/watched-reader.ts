import { didYouMean, nearest } from './did-you-mean.ts';
import type { RawObject } from './json.ts';
import { ObjectReader } from './object-reader.ts';
import type { Problems } from './problems.ts';

/**
 * Reads an object whose unknown members are ignored, as the original does. A member that nobody asked for by the end of
 * the reading (`Problems.warnAtEnd`) is named in the warnings, with the known name that is nearest to it.
 */
export class WatchedReader extends ObjectReader<Problems> {
  /** null: the object is not watched, because the body has too many. */
  readonly #asked: string[] | null;
  readonly #silent: Iterable<string>[] = [];

  constructor(raw: RawObject, path: string, problems: Problems) {
    super(raw, path, problems);
    this.#asked = problems.watch(() => this.#warnOfUnknown()) ? [] : null;
  }

  override get(key: string): unknown {
    this.#asked?.push(key);
    return super.get(key);
  }

  /** Members that are not read, and that no warning names or suggests. */
  ignore(keys: Iterable<string>): void {
    this.#silent.push(keys);
  }

  /** The known name that was meant. null: none is close. */
  protected meantBy(key: string, known: readonly string[]): string | null {
    return nearest(key, known);
  }

  #warnOfUnknown(): void {
    // Nearly all bodies have known members only, so the sets are made late.
    const unasked = this.keys().filter((key) => !this.#asked?.includes(key));
    if (unasked.length === 0) return;
    const silent = new Set(this.#silent.flatMap((keys) => [...keys]));
    const known = [...new Set(this.#asked)];
    for (const key of unasked) if (!silent.has(key)) this.problems.warn(() => this.#unknown(key, known));
  }

  #unknown(key: string, known: readonly string[]): string {
    return `${this.at(key)}: not known, ignored${didYouMean(this.meantBy(key, known))}`;
  }
}
