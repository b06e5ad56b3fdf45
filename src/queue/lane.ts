import type { Clock } from '../lib/clock.ts';

/** Leases tasks of one kind and runs them in rounds, several at once. */
export interface Lane {
  /** Makes the lane look for due tasks. */
  wake(): void;
  /** Resolves when nothing is due and no round runs. */
  idle(): Promise<void>;
  /** Starts no more rounds. Resolves when the running ones have ended. */
  stop(): Promise<void>;
}

export interface LaneOptions<Task> {
  clock: Clock;
  /** Most rounds at once, not counting slow ones. */
  roundsAtOnce: number;
  /** Rounds that take longer, as when a provider hangs, let others start. Absent: they do not. */
  slow?: { afterMs: number; mostRounds: number };
  /** Leases due tasks. Empty: there is none. */
  lease(): Promise<Task[]>;
  /** The time when the next task is due. null: none waits. */
  nextDueAt(): Promise<Date | null>;
  run(tasks: Task[]): Promise<void>;
  onError(error: unknown): void;
}

const AFTER_ERROR_MS = 1_000;
/**
 * Wait before a lane looks again that found a due task and could not lease it, in milliseconds of the machine's clock:
 * another worker is about to commit its lease, and that takes as long as the disk takes. A wake ends the wait.
 */
const BUSY_MS = 5;
const MAX_TIMER_MS = 60_000;

/**
 * States: asleep (nothing is due; a timer is set to the next due time) → looking (leasing) → asleep, or running rounds.
 * A wake while looking makes it look once more. It never polls, except while a due task is locked by somebody else.
 */
export function createLane<Task>(options: LaneOptions<Task>): Lane {
  const rounds = new Set<Promise<void>>();
  const slow = new Set<Promise<void>>();
  let looking: Promise<void> | null = null;
  let wanted = false;
  let stopped = false;
  let cancelTimer: (() => void) | undefined;
  let endPause: (() => void) | undefined;

  async function look(): Promise<void> {
    while (wanted && !stopped) {
      wanted = false;
      cancelTimer?.();
      try {
        if (isFull()) return; // the end of a round looks again, and so does one that becomes slow
        const tasks = await options.lease();
        if (tasks.length > 0) start(tasks);
        else await sleepUntil(await options.nextDueAt());
      } catch (error) {
        options.onError(error);
        cancelTimer = options.clock.after(AFTER_ERROR_MS, wake);
      }
    }
  }

  function isFull(): boolean {
    const { roundsAtOnce, slow: { mostRounds = roundsAtOnce } = {} } = options;
    return rounds.size >= mostRounds || rounds.size - slow.size >= roundsAtOnce;
  }

  function start(tasks: Task[]): void {
    const round: Promise<void> = options
      .run(tasks)
      .catch(options.onError)
      .finally(() => {
        rounds.delete(round);
        slow.delete(round);
        stopWatch();
        wake();
      });
    rounds.add(round);
    const stopWatch = watch(round);
    wanted = true; // there may be more
  }

  /** Returns a function that ends the watch. */
  function watch(round: Promise<void>): () => void {
    if (options.slow === undefined) return () => undefined;
    return options.clock.after(options.slow.afterMs, () => {
      slow.add(round);
      wake();
    });
  }

  async function sleepUntil(due: Date | null): Promise<void> {
    if (due === null || stopped) return;
    const waitMs = due.getTime() - options.clock.now().getTime();
    if (waitMs > 0) {
      cancelTimer = options.clock.after(Math.min(waitMs, MAX_TIMER_MS), wake);
      return;
    }
    // A task became due since we looked, or somebody else is about to commit one.
    if (!wanted) await pause();
    wanted = true;
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, BUSY_MS);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function wake(): void {
    wanted = true;
    endPause?.();
    if (stopped) return;
    looking ??= look().finally(() => {
      looking = null;
      if (wanted && !isFull()) wake();
    });
  }

  return {
    wake,
    async idle() {
      while (looking !== null || rounds.size > 0) await Promise.all([looking, ...rounds]);
    },
    async stop() {
      stopped = true;
      cancelTimer?.();
      endPause?.();
      await looking;
      await Promise.all(rounds);
    },
  };
}
