/** Handles results in the order of their numbers, one after the other, although they come in any order. */
export class InOrder<T> {
  readonly #waiting = new Map<number, T>();
  readonly #handle: (result: T) => Promise<void>;
  #next = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(handle: (result: T) => Promise<void>) {
    this.#handle = handle;
  }

  /** Resolves when everything that may be handled now has been. Throws the failure of a handler. */
  add(number: number, result: T): Promise<void> {
    this.#waiting.set(number, result);
    this.#running = this.#running.then(() => this.#handleNext());
    return this.#running;
  }

  async #handleNext(): Promise<void> {
    for (let result = this.#waiting.get(this.#next); result !== undefined; result = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next);
      this.#next += 1;
      await this.#handle(result);
    }
  }
}
