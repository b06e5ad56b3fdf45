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
    const watcher = { warnOfUnknown: () => this.#warnOfUnknown(), hints: (most: number) => this.#hints(most) };
    this.#asked = problems.watch(watcher) ? new Set() : null;
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
    const known = [...(this.#asked ?? [])];
    for (const key of this.#unknown()) this.problems.warn(() => this.#remark(key, this.meantBy(key, known)));
  }

  #hints(most: number): { looked: number; hints: readonly string[] } {
    const known = [...(this.#asked ?? [])];
    const keys = this.#unknown().slice(0, most);
    const hints = keys.flatMap((key) => {
      const meant = this.meantBy(key, known);
      return meant === null || this.has(meant) ? [] : [this.#remark(key, meant)];
    });
    return { looked: keys.length, hints };
  }

  #unknown(): string[] {
    return this.keys().filter((key) => this.#asked?.has(key) !== true && !this.#silent.has(key));
  }

  #remark(key: string, meant: string | null): string {
    return `${this.at(key)}: not known, ignored${didYouMean(meant)}`;
  }
}
