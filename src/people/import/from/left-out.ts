/** Most things that are counted one by one. A file decides their names. */
const MOST_NAMES = 50;

/** Counts what a file has and Cresset has no place for. */
export class LeftOut {
  readonly #counts = new Map<string, number>();

  add(what: string): void {
    const known = this.#counts.has(what) || this.#counts.size < MOST_NAMES ? what : 'other members';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
  }

  /** How many records had each thing, the most frequent first. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#counts].sort(([, one], [, other]) => other - one));
  }
}
