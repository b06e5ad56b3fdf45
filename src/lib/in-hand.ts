/** How much there may be at once. */
export interface Limit {
  /** Most that is in hand, from being taken to being given back. */
  most: number;
  /** Most of it that is prepared and not started yet. */
  mostAhead: number;
}

interface Waiting {
  count: number;
  limit: Limit;
  resolve(): void;
}

/**
 * Counts what is under way, and lets nobody begin more than the limit. First come, first served. What is prepared before
 * it can be started only lies in memory: so it has a limit of its own.
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

  /** So many that were taken have been started. */
  start(count: number): void {
    this.#ahead -= count;
    this.#admit();
  }

  /** So many that were started are done. */
  end(count: number): void {
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

/** One of what is in hand: started once, however often it is said. */
export class OneInHand {
  readonly #inHand: InHand;
  #isStarted = false;

  constructor(inHand: InHand) {
    this.#inHand = inHand;
  }

  started(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#inHand.start(1);
  }
}
