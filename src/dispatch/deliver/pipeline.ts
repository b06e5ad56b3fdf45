import { Handover, type InHand } from '../../lib/in-hand.ts';
import type { Facts } from '../admit/shared-addresses.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { AppQueues } from '../push/app-queues.ts';
import { type AttemptDeps, decideChunk, deliverAndRecord, loadFacts } from './attempt.ts';
import { limitFor, type SendLimits } from './send-limits.ts';

export interface PipelineDeps extends AttemptDeps {
  sendLimits: SendLimits;
  appQueues: Pick<AppQueues, 'full'>;
}

/** Facts that have waited longer for room are read again. */
const FRESH_MS = 5_000;

/**
 * Sends chunk after chunk: while one is delivered, the facts of the next are read; a chunk begins when the lane has room
 * for it, not when the one before has ended. Resolves when every result is written.
 * Times at which sends of a task are to be tried again go to `onRetryAt`.
 */
export async function attemptAll(
  deps: PipelineDeps,
  chunks: readonly PendingSend[][],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  signal: AbortSignal,
  onRetryAt: (taskId: number, dueAt: Date) => void,
): Promise<void> {
  const flight = new Flight();
  // Whatever goes wrong, what is on its way lands first: a task whose results are still to be written must not be tried again.
  await beginAll(deps, chunks, dispatches, { signal, flight, onRetryAt }).catch((error: unknown) => flight.fail(error));
  await flight.landed();
}

interface Course {
  signal: AbortSignal;
  flight: Flight;
  onRetryAt(taskId: number, dueAt: Date): void;
}

async function beginAll(
  deps: PipelineDeps,
  chunks: readonly PendingSend[][],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  { signal, flight, onRetryAt }: Course,
): Promise<void> {
  let ahead = loadAhead(deps, chunks[0], dispatches);
  for (const [index, given] of chunks.entries()) {
    const loaded = await ahead;
    const chunk = fitting(deps, given, dispatches, onRetryAt);
    if (chunk.length === 0) {
      ahead = loadAhead(deps, chunks[index + 1], dispatches);
      continue;
    }
    const room = limitFor(deps.sendLimits, chunk, dispatches);
    await room.inHand.take(chunk.length, room);
    if (signal.aborted || flight.hasFailed) {
      letGo(room.inHand, chunk.length);
      break; // what was not begun stays pending
    }
    ahead = loadAhead(deps, chunks[index + 1], dispatches);
    const begun = await begin(deps, chunk, dispatches, loaded).catch((error: unknown) => {
      flight.fail(error);
      return [];
    });
    letGo(room.inHand, chunk.length - begun.length);
    for (const parcel of begun) {
      flight.begin();
      const handover = new Handover(room.inHand);
      parcel.handover = handover;
      deliverAndRecord(deps, parcel, signal, (error, verdict) => {
        if (verdict?.dueAt) onRetryAt(parcel.send.taskId, verdict.dueAt);
        handover.handedOver();
        room.inHand.give(1);
        flight.end(error);
      });
    }
  }
}

/** Without what would have to wait in memory for an app that is rarely called: that stays pending. */
function fitting(
  { appQueues }: PipelineDeps,
  chunk: readonly PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  onRetryAt: (taskId: number, dueAt: Date) => void,
): PendingSend[] {
  const untilOf = ({ dispatchId, channel }: PendingSend): number | null => {
    const dispatch = dispatches.get(dispatchId);
    const message = dispatch?.messages.get(channel)?.message;
    if (dispatch === undefined || message === undefined) return null;
    return appQueues.full(dispatch.workspace, channel, { dispatchId, message, acceptedAt: dispatch.acceptedAt });
  };
  // Neighbours are nearly always of one dispatch and channel, and asking costs.
  let asked: { of: PendingSend; untilMs: number | null } | null = null;
  return chunk.filter((send) => {
    if (asked?.of.dispatchId !== send.dispatchId || asked.of.channel !== send.channel)
      asked = { of: send, untilMs: untilOf(send) };
    if (asked.untilMs !== null) onRetryAt(send.taskId, new Date(asked.untilMs));
    return asked.untilMs === null;
  });
}

/** What was taken and is not begun. */
function letGo(inHand: InHand, count: number): void {
  inHand.handOver(count);
  inHand.give(count);
}

interface Loaded {
  facts: Facts;
  at: number;
}

/** An error is thrown where the facts are awaited. */
function loadAhead(
  { db, clock }: PipelineDeps,
  chunk: PendingSend[] | undefined,
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): Promise<Loaded | null> {
  if (chunk === undefined) return Promise.resolve(null);
  const at = clock.now().getTime();
  const loaded = loadFacts(db.byKey, chunk, dispatches).then((facts) => ({ facts, at }));
  loaded.catch(() => undefined);
  return loaded;
}

async function begin(
  deps: PipelineDeps,
  chunk: PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  loaded: Loaded | null,
) {
  const isFresh = loaded !== null && deps.clock.now().getTime() - loaded.at <= FRESH_MS;
  const facts = isFresh ? loaded.facts : await loadFacts(deps.db.byKey, chunk, dispatches);
  return decideChunk(deps, chunk, dispatches, facts);
}

/** Sends on their way, and the first error among them. */
class Flight {
  #count = 0;
  #failure: { error: unknown } | null = null;
  #onLanded: (() => void) | null = null;

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  begin(): void {
    this.#count += 1;
  }

  end(error: unknown): void {
    if (error !== null) this.fail(error);
    this.#count -= 1;
    if (this.#count === 0) this.#onLanded?.();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Resolves when none is left; throws the first error. */
  async landed(): Promise<void> {
    if (this.#count > 0)
      await new Promise<void>((resolve) => {
        this.#onLanded = resolve;
      });
    if (this.#failure !== null) throw this.#failure.error;
  }
}
