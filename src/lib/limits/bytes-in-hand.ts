/** Counts bytes that are in hand, such as bodies that are being read, and refuses what does not fit. */
export class BytesInHand {
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes room for `bytes`. Returns a function that gives it back, once. null: there is not enough. */
  take(bytes: number): (() => void) | null {
    if (this.#bytes + bytes > this.#most) return null;
    this.#bytes += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#bytes -= bytes;
      isHeld = false;
    };
  }
}
