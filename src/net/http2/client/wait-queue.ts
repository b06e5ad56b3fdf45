import type { Exchange } from './exchange.ts';

/** Requests that wait for a free stream, first come, first served. */
export class WaitQueue {
  #items: Exchange[] = [];
  #head = 0;
  #pushed = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(exchange: Exchange): void {
    exchange.arrival = this.#pushed;
    this.#pushed += 1;
    this.#items.push(exchange);
  }

  /** Returns a request that left the queue to the position that it would have if it had stayed. */
  putBack(exchange: Exchange): void {
    let [from, to] = [this.#head, this.#items.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#items[middle]?.arrival ?? 0) < exchange.arrival) from = middle + 1;
      else to = middle;
    }
    this.#items.splice(from, 0, exchange);
  }

  first(): Exchange | undefined {
    return this.#items[this.#head];
  }

  shift(): Exchange | undefined {
    const first = this.#items[this.#head];
    if (first === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length || this.#head > 4_096) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }

  /** Removes and returns the requests for which `fits` is true. */
  remove(fits: (exchange: Exchange) => boolean): Exchange[] {
    const live = this.#items.slice(this.#head);
    this.#items = live.filter((exchange) => !fits(exchange));
    this.#head = 0;
    return live.filter(fits);
  }
}
