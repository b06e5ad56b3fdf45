import type { Clock } from '../lib/clock.ts';
import { sqlstateOf } from './sqlstates.ts';
import { type Trouble, troubleOf } from './trouble.ts';

export interface Refusal extends Trouble {
  since: Date;
}

export interface WriteWatchOptions {
  clock: Clock;
  /** How long after the last refusal it is tried whether the database takes writes again. */
  calmMs: number;
  /** Writes and takes it back. Throws what the database says. */
  probe(): Promise<void>;
  /** Told when the database begins to refuse writes, when the reason changes, and with null when it is over. */
  onChange(refusal: Refusal | null): void;
  /** Told of a probe that the database refused for another reason than a lack of room, memory or the like. */
  onError(error: Error): void;
}

/**
 * Whether a database that answers takes writes. It learns of a refusal from every statement, and of the end of it only by a
 * probe: a full disk lets statements through that find room in pages there are, and without traffic nobody else would try.
 *
 * takes writes → (a statement is refused) → refuses → (nothing was refused for `calmMs`) → probing → (the probe succeeds and
 * nothing was refused meanwhile) → takes writes; else → refuses.
 */
export class WriteWatch {
  readonly #options: WriteWatchOptions;
  #refusal: Refusal | null = null;
  /** How many statements were refused so far. */
  #refused = 0;
  #cancel = (): void => undefined;
  #probing: Promise<void> | null = null;
  #isStopped = false;

  constructor(options: WriteWatchOptions) {
    this.#options = options;
  }

  get refusal(): Refusal | null {
    return this.#refusal;
  }

  failed(error: unknown): void {
    const trouble = troubleOf(error);
    if (trouble === null || trouble.kind === 'unreachable') return;
    this.#refused += 1;
    const isNews = this.#refusal?.kind !== trouble.kind;
    if (isNews) this.#refusal = { ...trouble, since: this.#refusal?.since ?? this.#options.clock.now() };
    if (this.#probing === null) this.#probeLater();
    if (isNews) this.#options.onChange(this.#refusal);
  }

  /** Waits for a probe that is under way; there is none afterwards. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#probing;
  }

  #probeLater(): void {
    this.#cancel();
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(this.#options.calmMs, () => {
      this.#probing = this.#look();
    });
  }

  async #look(): Promise<void> {
    const isOver = await this.#takesWrites();
    this.#probing = null;
    if (!isOver) return this.#probeLater();
    this.#refusal = null;
    this.#options.onChange(null);
  }

  async #takesWrites(): Promise<boolean> {
    const refusedBefore = this.#refused;
    try {
      await this.#options.probe();
    } catch (error) {
      this.failed(error);
      // Whoever may not make a table is refused by a database that would take the write. Without a code there was no answer.
      if (troubleOf(error) !== null || sqlstateOf(error) === '') return false;
      this.#options.onError(error as Error);
    }
    return this.#refused === refusedBefore;
  }
}
