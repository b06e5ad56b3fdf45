import type { Exchange } from './exchange.ts';

/** Those who wait for a place, first come first served. */
export class Line {
  #items: Exchange[] = [];
  #head = 0;
  #pushed = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(exchange: Exchange): void {
    exchange.place = this.#pushed;
    this.#pushed += 1;
    this.#items.push(exchange);
  }

  /** It has waited before, and stands where it would stand if it had never left. */
  putBack(exchange: Exchange): void {
    let [from, to] = [this.#head, this.#items.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#items[middle]?.place ?? 0) < exchange.place) from = middle + 1;
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

  /** Takes out those that fit. */
  remove(fits: (exchange: Exchange) => boolean): Exchange[] {
    const live = this.#items.slice(this.#head);
    this.#items = live.filter((exchange) => !fits(exchange));
    this.#head = 0;
    return live.filter(fits);
  }
}
