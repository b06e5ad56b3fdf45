/** Something that was done during a run. */
export interface Event {
  /** Time since the broadcast was accepted, in milliseconds. */
  atMs: number;
  /** Number of messages delivered by then. */
  reached: number;
  /** Share of all messages at which the plan wanted it, 0 to 1. */
  planned: number;
  what: string;
}

export type OnEvent = (event: Event) => void;

/** Records the events of a scenario and passes each one on at once. */
export class EventLog {
  readonly events: Event[] = [];
  readonly #startedAt = performance.now();
  readonly #world: { reached(): Promise<number> };
  readonly #onEvent: OnEvent;

  constructor(world: { reached(): Promise<number> }, onEvent: OnEvent) {
    this.#world = world;
    this.#onEvent = onEvent;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  async note(what: string, planned: number): Promise<void> {
    this.add({ atMs: this.elapsedMs, reached: await this.#world.reached(), planned, what });
  }

  add(event: Event): void {
    this.events.push(event);
    this.#onEvent(event);
  }
}
