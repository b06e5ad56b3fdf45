const MOST_TEXTS = 100;
const MOST_BYTES = 32 * 1024;
const LONGEST_TEXT = 1_000;

/**
 * The texts of one answer's `errors`, bounded because a body of 1 MB can hold 300,000 mistakes. It keeps the first 100
 * texts, at most 32 KB; a last line says how many more there were. Documented in docs/errors.md.
 */
export class BoundedTexts {
  readonly #kept: string[] = [];
  #sizeBytes = 0;
  #dropped = 0;

  /** A text given as a function is made only if there is room for it. */
  add(text: string | (() => string)): void {
    if (this.#dropped > 0 || this.#kept.length === MOST_TEXTS) {
      this.#dropped += 1;
      return;
    }
    const line = shortened(typeof text === 'string' ? text : text());
    const sizeBytes = this.#sizeBytes + Buffer.byteLength(line);
    if (sizeBytes > MOST_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#kept.push(line);
    this.#sizeBytes = sizeBytes;
  }

  /** Adds the texts that another list has kept, and counts those that it has not. `isWanted`: by the text's position. */
  addAll(other: BoundedTexts, isWanted: (index: number) => boolean): void {
    for (const [index, line] of other.#kept.entries()) if (isWanted(index)) this.add(line);
    this.#dropped += other.#dropped;
  }

  get lines(): readonly string[] {
    return this.#dropped === 0 ? this.#kept : [...this.#kept, `and ${this.#dropped} more`];
  }
}

/** Bounds a finished list of texts. */
export function bounded(texts: readonly string[]): readonly string[] {
  const kept = new BoundedTexts();
  for (const text of texts) kept.add(text);
  return kept.lines;
}

/** Cuts a text to 1,000 characters, because a path may consist of 40 long names. */
export function shortened(text: string): string {
  // The cut may split a pair of surrogates, and PostgreSQL does not store half a pair.
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1).toWellFormed()}…`;
}
