const MOST = 2_000;

/** Keeps what was parsed, the oldest until there is too much. One character of a template takes up to 30 bytes. */
export class ParsedCache<T> {
  readonly #kept = new Map<string, T>();
  readonly #mostCharacters: number;
  #characters = 0;

  /** `mostCharacters`: of all templates that are kept. */
  constructor(mostCharacters: number) {
    this.#mostCharacters = mostCharacters;
  }

  get(source: string, parse: (source: string) => T): T {
    const known = this.#kept.get(source);
    if (known !== undefined) return known;
    const parsed = parse(source);
    this.#kept.set(source, parsed);
    this.#characters += source.length;
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= MOST && this.#characters <= this.#mostCharacters) break;
      this.#kept.delete(oldest);
      this.#characters -= oldest.length;
    }
    return parsed;
  }
}
