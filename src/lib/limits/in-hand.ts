/** How many slots may be in hand at once. A message takes one slot, and more if it is large. */
export interface Limit {
  /** Most slots in hand, from `take` to `end`. */
  most: number;
  /** Most of these whose messages are prepared and not yet started. */
  mostAhead: number;
}

interface Waiting {
  count: number;
  limit: Limit;
  resolve(): void;
}

/**
 * Counts the slots of the messages in hand and keeps them within a limit, first come, first served. Messages that are prepared and not
 * yet started only take memory, so they have a lower limit.
 */
export class InHand {
  #count = 0;
  #ahead = 0;
  readonly #waiting: Waiting[] = [];

  get count(): number {
    return this.#count;
  }

  /** Resolves once `count` more fit in the limit. If nothing is in hand (or ahead), any count fits. */
  take(count: number, limit: Limit): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, limit, resolve });
      this.#admit();
    });
  }

  /** Notes that the messages of `count` of the taken slots have been started. */
  start(count: number): void {
    this.#ahead -= count;
    this.#admit();
  }

  /** Notes that the messages of `count` of the started slots are done. */
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

/** One message in hand. It counts as started once, however often `started` is called. */
export class OneInHand {
  readonly #inHand: InHand;
  readonly #slots: number;
  #isStarted = false;

  constructor(inHand: InHand, slots = 1) {
    this.#inHand = inHand;
    this.#slots = slots;
  }

  started(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#inHand.start(this.#slots);
  }
}
