import { type Footprint, mayOverlap } from '../track/footprint.ts';

interface Running {
  footprint: Footprint;
  done: Promise<void>;
}

/** Applies batches side by side, up to a limit, but never two whose order matters. The first failure stops it. */
export class ParallelBatches {
  readonly #running = new Set<Running>();
  readonly #limit: number;
  #failure: { error: unknown } | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when the work has started. Throws the first failure of earlier work. */
  async start(footprint: Footprint, work: () => Promise<void>): Promise<void> {
    while (this.#failure === null && !this.#mayStart(footprint)) await this.#oneDone();
    if (this.#failure !== null) throw this.#failure.error;
    const running: Running = { footprint, done: Promise.resolve() };
    running.done = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #mayStart(footprint: Footprint): boolean {
    const others = [...this.#running];
    return others.length < this.#limit && others.every((other) => mayOverlap(footprint, other.footprint));
  }

  async #oneDone(): Promise<void> {
    await Promise.race([...this.#running].map(({ done }) => done));
  }

  /** Resolves when nothing runs. Never throws. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running].map(({ done }) => done));
  }

  /** Resolves when nothing runs. Throws the first failure. */
  async finish(): Promise<void> {
    await this.idle();
    if (this.#failure !== null) throw this.#failure.error;
  }
}
