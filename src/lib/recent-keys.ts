/**
 * Remembers the keys that were added or asked for last: at least `most`, and at most twice as many. It has two
 * generations. When the young one is full, the old one is forgotten and the young one becomes old. A key of the old one
 * that is asked for becomes young again. To ask for a young key moves nothing, as a `BoundedCache` does at each use.
 */
export class RecentKeys<Key> {
  readonly #most: number;
  #young = new Set<Key>();
  #old: ReadonlySet<Key> = new Set();

  constructor(most: number) {
    this.#most = most;
  }

  has(key: Key): boolean {
    if (this.#young.has(key)) return true;
    if (!this.#old.has(key)) return false;
    this.add(key);
    return true;
  }

  add(key: Key): void {
    this.#young.add(key);
    if (this.#young.size < this.#most) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}
