import { ObjectProblem } from '../lib/problems.ts';

const MOST_REMARKS = 10;

/** What was left out of one object while the rest of it was kept: at most ten texts, and how many more there were. */
export class Remarks {
  readonly #kept: string[] = [];
  #dropped = 0;

  add(text: string): void {
    if (this.#kept.length < MOST_REMARKS) this.#kept.push(text);
    else this.#dropped += 1;
  }

  /** Reads a part of the object. If the part is wrong, adds its problem and returns undefined. */
  keep<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ObjectProblem)) throw error;
      this.add(error.message);
      return undefined;
    }
  }

  get lines(): readonly string[] {
    return this.#dropped === 0 ? this.#kept : [...this.#kept, `and ${this.#dropped} more`];
  }
}
