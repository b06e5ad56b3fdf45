import type { Exchange } from './exchange.ts';

/** Those who wait for a place, first come first served. */
export class Line {
  #items: Exchange[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(exchange: Exchange): void {
    this.#items.push(exchange);
  }

  /** Ahead of all: it has waited before. */
  pushFront(exchange: Exchange): void {
    this.#items.splice(0, this.#head, exchange);
    this.#head = 0;
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
