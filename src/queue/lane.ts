import type { Clock } from '../lib/clock.ts';

/** Work of one kind, leased in rounds of which several run at once. */
export interface Lane {
  /** There may be something to do. */
  wake(): void;
  /** Resolves when nothing is due and no round runs. */
  idle(): Promise<void>;
  /** No more rounds; resolves when those that run have ended. */
  stop(): Promise<void>;
}

export interface LaneOptions<Task> {
  clock: Clock;
  roundsAtOnce: number;
  /** Takes what is due; empty when there is nothing. */
  lease(): Promise<Task[]>;
  /** When something will be due next; null when nothing waits. */
  nextDueAt(): Promise<Date | null>;
  run(tasks: Task[]): Promise<void>;
  onError(error: unknown): void;
}

const AFTER_ERROR_MS = 1_000;
const MAX_TIMER_MS = 60_000;

/**
 * States: asleep (nothing due; a timer stands at the next due time) → looking (leasing) → asleep, or running rounds.
 * A wake while looking makes it look once more. Nothing polls.
 */
export function createLane<Task>(options: LaneOptions<Task>): Lane {
  const rounds = new Set<Promise<void>>();
  let looking: Promise<void> | null = null;
  let wanted = false;
  let stopped = false;
  let cancelTimer: (() => void) | undefined;

  async function look(): Promise<void> {
    while (wanted && !stopped) {
      wanted = false;
      cancelTimer?.();
      try {
        if (rounds.size >= options.roundsAtOnce) return; // its end looks again
        const tasks = await options.lease();
        if (tasks.length > 0) start(tasks);
        else sleepUntil(await options.nextDueAt());
      } catch (error) {
        options.onError(error);
        cancelTimer = options.clock.after(AFTER_ERROR_MS, wake);
      }
    }
  }

  function start(tasks: Task[]): void {
    const round: Promise<void> = options
      .run(tasks)
      .catch(options.onError)
      .finally(() => {
        rounds.delete(round);
        wake();
      });
    rounds.add(round);
    wanted = true; // there may be more
  }

  function sleepUntil(due: Date | null): void {
    if (due === null || stopped) return;
    const waitMs = due.getTime() - options.clock.now().getTime();
    // Due since we looked, or about to be committed by somebody else: look again at once.
    if (waitMs <= 0) wanted = true;
    else cancelTimer = options.clock.after(Math.min(waitMs, MAX_TIMER_MS), wake);
  }

  function wake(): void {
    wanted = true;
    if (stopped) return;
    looking ??= look().finally(() => {
      looking = null;
      if (wanted && rounds.size < options.roundsAtOnce) wake();
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
      await looking;
      await Promise.all(rounds);
    },
  };
}
