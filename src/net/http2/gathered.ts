const EMPTY = Buffer.alloc(0);
const LEAST_BYTES = 256;

/**
 * The bytes of one body, gathered from parts of any size. The time is linear: the buffer doubles when it is full. However
 * small the parts are, no object is kept for each. A single part is not copied.
 */
export class Gathered {
  #buffer: Buffer = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  add(part: Buffer): void {
    if (part.length === 0) return;
    const length = this.#length + part.length;
    if (this.#length === 0) this.#buffer = part;
    else {
      if (length > this.#buffer.length) this.#grow(length);
      part.copy(this.#buffer, this.#length);
    }
    this.#length = length;
  }

  /** Makes room. The first part belongs to somebody else, but it is full, so it is copied before anything is written. */
  #grow(length: number): void {
    const larger = Buffer.allocUnsafe(Math.max(2 * length, LEAST_BYTES));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
