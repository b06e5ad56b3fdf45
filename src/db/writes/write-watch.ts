import type { Clock } from '../../lib/clock.ts';
import { sqlstateOf } from '../sqlstates.ts';
import { type Trouble, troubleOf } from '../trouble.ts';

export interface Refusal extends Trouble {
  since: Date;
}

/** Told of every statement that failed. */
export interface FailureWatch {
  failed(error: unknown): void;
}

export interface WriteWatchOptions {
  clock: Clock;
  /** Time after the last refusal until a probe tries whether the database accepts writes again. */
  calmMs: number;
  /** Writes and rolls back. Throws the database's error. */
  probe(): Promise<void>;
  /** Called before a read-only database is said to accept writes again: sessions from before stay read-only. */
  renew(): void;
  /**
   * Called when the database begins to refuse writes, when the reason changes, and with null when it accepts them again.
   */
  onChange(refusal: Refusal | null): void;
  /**
   * Called when the database refused a probe for a reason that is no trouble of the database, such as a missing permission.
   */
  onError(error: Error): void;
}

/**
 * Tells whether a database that answers accepts writes. Any statement can begin a refusal, but only a probe ends it: on a
 * full disk some statements still succeed, in free space of existing pages, and without traffic there are no statements.
 *
 * accepts writes → (a statement is refused) → refuses → (nothing was refused for `calmMs`) → probing → (the probe succeeds
 * and nothing was refused meanwhile) → accepts writes; else → refuses.
 */
export class WriteWatch implements FailureWatch {
  readonly #options: WriteWatchOptions;
  #refusal: Refusal | null = null;
  /** Number of statements refused so far. */
  #refused = 0;
  #cancel = (): void => undefined;
  #probing: Promise<void> | null = null;
  #sessions: FailureWatch = this.#newSessions();
  #isStopped = false;

  constructor(options: WriteWatchOptions) {
    this.#options = options;
  }

  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** What watches a statement that begins now. It does not believe a session of former times that says it is read-only. */
  sessions(): FailureWatch {
    return this.#sessions;
  }

  #newSessions(): FailureWatch {
    const sessions: FailureWatch = {
      failed: (error) => {
        if (this.#sessions === sessions || troubleOf(error)?.kind !== 'read_only') this.failed(error);
      },
    };
    return sessions;
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

  /** Waits for a running probe and starts no other. */
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
    if (this.#refusal?.kind === 'read_only') {
      this.#sessions = this.#newSessions();
      this.#options.renew();
    }
    this.#refusal = null;
    this.#options.onChange(null);
  }

  async #takesWrites(): Promise<boolean> {
    const refusedBefore = this.#refused;
    try {
      await this.#options.probe();
    } catch (error) {
      this.failed(error);
      // Without a code, the database did not answer. With any other code (such as a missing permission), it accepts writes.
      if (troubleOf(error) !== null || sqlstateOf(error) === '') return false;
      this.#options.onError(error as Error);
    }
    return this.#refused === refusedBefore;
  }
}
