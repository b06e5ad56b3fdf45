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
  readonly #asked: Set<string> | null;
  readonly #silent = new Set<string>();

  constructor(raw: RawObject, path: string, problems: Problems) {
    super(raw, path, problems);
    this.#asked = problems.watch(() => this.#warnOfUnknown()) ? new Set() : null;
  }

  override get(key: string): unknown {
    this.#asked?.add(key);
    return super.get(key);
  }

  /** Members that are not read, and that no warning names or suggests. */
  ignore(keys: Iterable<string>): void {
    for (const key of keys) this.#silent.add(key);
  }

  /** The known name that was meant. null: none is close. */
  protected meantBy(key: string, known: readonly string[]): string | null {
    return nearest(key, known);
  }

  #warnOfUnknown(): void {
    const asked = this.#asked ?? new Set();
    for (const key of this.keys()) {
      if (!asked.has(key) && !this.#silent.has(key)) this.problems.warn(() => this.#unknown(key, [...asked]));
    }
  }

  #unknown(key: string, known: readonly string[]): string {
    return `${this.at(key)}: not known, ignored${didYouMean(this.meantBy(key, known))}`;
  }
}
