/** How much there may be at once. */
export interface Room {
  /** In hand, from being taken to being given back. */
  most: number;
  /** Of these, not handed over yet. */
  mostAhead: number;
}

interface Waiting {
  count: number;
  room: Room;
  resolve(): void;
}

/**
 * Counts what is under way, and lets nobody begin more than there is room for. First come, first served. Whatever is
 * prepared before it can be handed over only lies about: so what is ahead of the handing over has a bound of its own.
 */
export class InHand {
  #count = 0;
  #ahead = 0;
  readonly #waiting: Waiting[] = [];

  get count(): number {
    return this.#count;
  }

  /** Resolves once `count` more keep within the room; with nothing in hand, or nothing ahead, anything goes. */
  take(count: number, room: Room): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, room, resolve });
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

  #fits({ count, room: { most, mostAhead } }: Waiting): boolean {
    const hasRoom = this.#count === 0 || this.#count + count <= most;
    return hasRoom && (this.#ahead === 0 || this.#ahead + count <= mostAhead);
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
