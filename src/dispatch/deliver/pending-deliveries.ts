/** Counts pending deliveries and keeps the first error. */
export class PendingDeliveries {
  #count = 0;
  #failure: { error: unknown } | null = null;
  #onEnded: (() => void) | null = null;

  get haveFailed(): boolean {
    return this.#failure !== null;
  }

  begin(): void {
    this.#count += 1;
  }

  /** `error`: null: the delivery succeeded. */
  end(error: unknown): void {
    if (error !== null) this.fail(error);
    this.#count -= 1;
    if (this.#count === 0) this.#onEnded?.();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Resolves when no delivery is pending. Throws the first error. */
  async ended(): Promise<void> {
    if (this.#count > 0)
      await new Promise<void>((resolve) => {
        this.#onEnded = resolve;
      });
    if (this.#failure !== null) throw this.#failure.error;
  }
}
