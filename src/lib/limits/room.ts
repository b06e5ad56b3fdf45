/** A place is not free, and too many wait for one. */
export class RoomFull extends Error {}

export interface RoomBounds {
  /** Most works at once. */
  most: number;
  /** Most works of one owner at once. */
  mostOfOwner: number;
  /** Most works that wait, of all owners and of one. */
  mostWaiting: number;
  mostWaitingOfOwner: number;
}

interface Waiting<Owner> {
  owner: Owner;
  begin(): void;
}

/**
 * Bounds how much work of one kind is done at once, and how much waits, so that the rest of a server goes on. No owner
 * has more than its share, and whoever comes first is first among its own.
 */
export class Room<Owner = number> {
  readonly #bounds: RoomBounds;
  readonly #working = new Map<Owner, number>();
  #waiting: Waiting<Owner>[] = [];
  #total = 0;

  constructor(bounds: RoomBounds) {
    this.#bounds = bounds;
  }

  /** Runs `work` when there is a place. Throws RoomFull at once if too many wait. */
  async run<T>(owner: Owner, work: () => Promise<T>): Promise<T> {
    if (this.#hasPlace(owner)) this.#enter(owner);
    else await this.#wait(owner);
    try {
      return await work();
    } finally {
      this.#leave(owner);
    }
  }

  #hasPlace(owner: Owner): boolean {
    return this.#total < this.#bounds.most && this.#worksOf(owner) < this.#bounds.mostOfOwner;
  }

  #worksOf(owner: Owner): number {
    return this.#working.get(owner) ?? 0;
  }

  #enter(owner: Owner): void {
    this.#total += 1;
    this.#working.set(owner, this.#worksOf(owner) + 1);
  }

  #wait(owner: Owner): Promise<void> {
    const ofOwner = this.#waiting.filter((one) => one.owner === owner).length;
    if (this.#waiting.length >= this.#bounds.mostWaiting || ofOwner >= this.#bounds.mostWaitingOfOwner)
      throw new RoomFull();
    return new Promise((begin) => this.#waiting.push({ owner, begin }));
  }

  #leave(owner: Owner): void {
    this.#total -= 1;
    const left = this.#worksOf(owner) - 1;
    if (left === 0) this.#working.delete(owner);
    else this.#working.set(owner, left);
    const next = this.#waiting.find((one) => this.#hasPlace(one.owner));
    if (next === undefined) return;
    this.#waiting = this.#waiting.filter((one) => one !== next);
    this.#enter(next.owner);
    next.begin();
  }
}
