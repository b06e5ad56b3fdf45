interface Waiting<T> {
  result: T;
  resolve(): void;
  reject(error: unknown): void;
}

/** Handles results in the order of their numbers, one after the other, although they come in any order. */
export class InOrder<T> {
  readonly #waiting = new Map<number, Waiting<T>>();
  readonly #handle: (result: T) => Promise<void>;
  #next = 0;
  #isHandling = false;
  #failure: { error: unknown } | null = null;

  constructor(handle: (result: T) => Promise<void>) {
    this.#handle = handle;
  }

  /**
   * Resolves when the result is handled, which is after all with lower numbers. So whoever waits for it keeps few results
   * in memory. Throws the first failure of a handler, and that of `fail`.
   */
  add(number: number, result: T): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.set(number, { result, resolve, reject });
    void this.#handleAll();
    return promise;
  }

  /** A result will never come: nothing after it is handled any more. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #handleAll(): Promise<void> {
    if (this.#isHandling) return;
    this.#isHandling = true;
    for (let one = this.#waiting.get(this.#next); one !== undefined; one = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next);
      this.#next += 1;
      try {
        await this.#handle(one.result);
        one.resolve();
      } catch (error) {
        one.reject(error);
        this.fail(error);
      }
    }
    this.#isHandling = false;
  }
}
