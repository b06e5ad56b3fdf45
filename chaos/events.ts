/** Something that was done to a run. */
export interface Event {
  /** Since the broadcast was accepted. */
  atMs: number;
  /** People who had theirs. */
  reached: number;
  /** The share of the plan. */
  planned: number;
  what: string;
}

export type Tell = (event: Event) => void;

/** Notes what is done by hand of a scenario, and tells of each at once. */
export class EventLog {
  readonly events: Event[] = [];
  readonly #startedAt = performance.now();
  readonly #world: { reached(): Promise<number> };
  readonly #tell: Tell;

  constructor(world: { reached(): Promise<number> }, tell: Tell) {
    this.#world = world;
    this.#tell = tell;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  async note(what: string, planned: number): Promise<void> {
    this.add({ atMs: this.elapsedMs, reached: await this.#world.reached(), planned, what });
  }

  add(event: Event): void {
    this.events.push(event);
    this.#tell(event);
  }
}
