import type { Task } from '../../queue/tasks.ts';

/** The tasks of one dispatch in one round, and what stops their messages. */
interface InHand {
  taskIds: number[];
  stopping: AbortController;
}

/** The dispatches that one round sends for. */
export interface RoundStops {
  /** Aborted when the dispatch is paused or cancelled, or the worker stops. */
  signalOf(dispatchId: string): AbortSignal;
  /** The round is over. */
  end(): void;
}

/**
 * Stops the messages that a worker has in hand and that no connection has begun. They go back to `pending`, and cost no
 * attempt. The worker hears of a pause or a cancellation by a notice, and, should that be lost, when it renews its leases.
 */
export class StopSignals {
  readonly #rounds = new Set<ReadonlyMap<string, InHand>>();
  #isStopping = false;

  /** `tasks`: the tasks whose sends are about to be decided. A dispatch stopped before this decides nothing any more. */
  begin(tasks: readonly Task[]): RoundStops {
    const round = new Map<string, InHand>();
    for (const { id, dispatchId } of tasks) {
      const inHand = round.get(dispatchId) ?? { taskIds: [], stopping: new AbortController() };
      inHand.taskIds.push(id);
      round.set(dispatchId, inHand);
    }
    this.#rounds.add(round);
    if (this.#isStopping) abortAll(round.values());
    return {
      signalOf(dispatchId) {
        const inHand = round.get(dispatchId);
        if (inHand === undefined)
          throw new Error(`a send of the dispatch ${dispatchId} belongs to no task of its round`);
        return inHand.stopping.signal;
      },
      end: () => void this.#rounds.delete(round),
    };
  }

  /** The tasks in hand, as the ids to look for among stopped ones. */
  get taskIds(): ReadonlySet<number> {
    return new Set([...this.#rounds].flatMap((round) => [...round.values()].flatMap(({ taskIds }) => taskIds)));
  }

  stopDispatch(dispatchId: string): void {
    for (const round of this.#rounds) round.get(dispatchId)?.stopping.abort();
  }

  /** Stops the dispatches of these tasks. */
  stopTasks(ids: ReadonlySet<number>): void {
    if (ids.size === 0) return;
    for (const round of this.#rounds)
      abortAll([...round.values()].filter(({ taskIds }) => taskIds.some((id) => ids.has(id))));
  }

  /** Stops everything, now and later. */
  stopAll(): void {
    this.#isStopping = true;
    for (const round of this.#rounds) abortAll(round.values());
  }
}

function abortAll(all: Iterable<InHand>): void {
  for (const { stopping } of all) stopping.abort();
}
