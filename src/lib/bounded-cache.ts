export interface CacheBounds {
  /** Most bytes that all values together may have, by the sizes given to `set`. */
  mostBytes: number;
  /** Most values. Default: no limit. */
  most?: number;
}

/**
 * Keeps the values that were used last, within a bound in bytes. A value that is larger than the whole bound is not kept.
 * The caller says how large a value is.
 */
export class BoundedCache<Key, Value> {
  readonly #kept = new Map<Key, { value: Value; sizeBytes: number }>();
  readonly #mostBytes: number;
  readonly #most: number;
  #sizeBytes = 0;
  /** What is asked for again and again need not be moved to the end each time. */
  #newest: Key | undefined;

  constructor({ mostBytes, most = Number.POSITIVE_INFINITY }: CacheBounds) {
    this.#mostBytes = mostBytes;
    this.#most = most;
  }

  /** Number of values kept. */
  get count(): number {
    return this.#kept.size;
  }

  /** Size of all values kept. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: Key): Value | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    if (key === this.#newest) return found.value;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    this.#newest = key;
    return found.value;
  }

  set(key: Key, value: Value, sizeBytes: number): void {
    this.delete(key);
    if (sizeBytes > this.#mostBytes) return;
    this.#kept.set(key, { value, sizeBytes });
    this.#newest = key;
    this.#sizeBytes += sizeBytes;
    for (const [oldest] of this.#kept) {
      if (this.#sizeBytes <= this.#mostBytes && this.#kept.size <= this.#most) return;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const found = this.#kept.get(key);
    if (found === undefined) return;
    this.#kept.delete(key);
    this.#sizeBytes -= found.sizeBytes;
  }
}
