/** Counts what is under way, and lets nobody begin more than there is room for. First come, first served. */
export class InHand {
  #count = 0;
  readonly #waiting: { count: number; most: number; resolve(): void }[] = [];

  get count(): number {
    return this.#count;
  }

  /** Resolves once `count` more keep within `most`; with nothing in hand, anything goes. */
  take(count: number, most: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, most, resolve });
      this.#admit();
    });
  }

  give(count: number): void {
    this.#count -= count;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || (this.#count > 0 && this.#count + first.count > first.most)) return;
      this.#waiting.shift();
      this.#count += first.count;
      first.resolve();
    }
  }
}
