/** How much there may be at once. */
export interface Limit {
  /** Most that is in hand, from being taken to being given back. */
  most: number;
  /** Most of it that is not handed over yet. */
  mostAhead: number;
}

interface Waiting {
  count: number;
  limit: Limit;
  resolve(): void;
}

/**
 * Counts what is under way, and lets nobody begin more than the limit. First come, first served. What is prepared before
 * it can be handed over only lies in memory: so it has a limit of its own.
 */
export class InHand {
  #count = 0;
  #ahead = 0;
  readonly #waiting: Waiting[] = [];

  get count(): number {
    return this.#count;
  }

  /** Resolves once `count` more keep within the limit; with nothing in hand, or nothing ahead, anything goes. */
  take(count: number, limit: Limit): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, limit, resolve });
      this.#admit();
    });
  }

  /** So many that were taken have been handed over. */
  handOver(count: number): void {
    this.#ahead -= count;
    this.#admit();
  }

  /** So many that were handed over are done. */
  give(count: number): void {
    this.#count -= count;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || !this.#fits(first)) return;
      this.#waiting.shift();
      this.#count += first.count;
      this.#ahead += first.count;
      first.resolve();
    }
  }

  #fits({ count, limit: { most, mostAhead } }: Waiting): boolean {
    const fits = this.#count === 0 || this.#count + count <= most;
    return fits && (this.#ahead === 0 || this.#ahead + count <= mostAhead);
  }
}

/** One of what is in hand: handed over once, however often it is said. */
export class Handover {
  readonly #inHand: InHand;
  #isOver = false;

  constructor(inHand: InHand) {
    this.#inHand = inHand;
  }

  handedOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#inHand.handOver(1);
  }
}
