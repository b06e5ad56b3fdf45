import { channels } from '../channels/index.ts';
import { Handover, type InHand, type Room } from '../lib/in-hand.ts';
import { type AttemptDeps, decideChunk, deliverAndRecord, loadFacts } from './attempt.ts';
import type { PendingSend } from './ledger.ts';
import type { LoadedDispatch } from './loaded.ts';
import { isBroadcast, type LaneName } from './plan.ts';
import type { Facts } from './shared-addresses.ts';

export interface PipelineDeps extends AttemptDeps {
  /** What all rounds of one lane have in hand, pushes apart: those that wait for a slow app hold up no mail. */
  inHand: Readonly<Record<LaneName, { pushes: InHand; others: InHand }>>;
}

/**
 * Most sends of one lane that are marked `sending` at once, that is, handed over or about to be, or answered and not yet
 * written down: after a crash at most these are ambiguous. Many, so that a provider far away is kept busy.
 */
export const MOST_PUSHES = 2_000;
/** Of mails and other messages, of which a repetition is worse and a connection carries one at a time. */
export const MOST_OTHERS = { named: 800, broadcast: 400 };
/**
 * Most pushes that are ready and wait for a connection to take them. More would only lie in memory, where the collector
 * walks over them again and again, and grow old.
 */
const MOST_READY = 400;
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
  let ahead = loadAhead(deps, chunks[0], dispatches);
  for (const [index, chunk] of chunks.entries()) {
    const loaded = await ahead;
    const room = roomFor(deps, chunk, dispatches);
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
  await flight.landed();
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

function roomFor(
  { inHand }: PipelineDeps,
  chunk: PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): Room & { inHand: InHand } {
  const dispatch = dispatches.get(chunk[0]?.dispatchId ?? '');
  const lane = dispatch !== undefined && isBroadcast(dispatch.plan) ? 'broadcast' : 'named';
  const isPush = chunk.every(({ channel }) => channels[channel].address.kind === 'push');
  if (isPush) return { inHand: inHand[lane].pushes, most: MOST_PUSHES, mostAhead: MOST_READY };
  return { inHand: inHand[lane].others, most: MOST_OTHERS[lane], mostAhead: Number.POSITIVE_INFINITY };
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
