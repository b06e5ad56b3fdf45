import { type InHand, OneInHand } from '../../lib/limits/in-hand.ts';
import type { Traces } from '../../traces/traces.ts';
import type { GroupQueues } from '../accounts/group-queues.ts';
import { areFresh, type LoadedFacts, loadFacts } from '../admit/load-facts.ts';
import type { Parcel } from '../admit/parcel.ts';
import type { Delivered } from '../ledger/delivered.ts';
import type { PendingSend, Verdict } from '../ledger/send.ts';
import { agesFrom } from '../plan/ages.ts';
import { campaignPartOf, groupMessageOf, type LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { wayOf } from '../plan/ways.ts';
import type { AppQueues } from '../push/app-queues.ts';
import { type DecideDeps, decideChunk } from './decide-chunk.ts';
import type { Deliveries } from './deliveries.ts';
import { PacedSends } from './pace/paced-sends.ts';
import { PendingDeliveries } from './pending-deliveries.ts';
import { providerOf } from './provider-shares.ts';
import type { Recorder } from './recorder.ts';
import { chunkFor, limitFor, type SendLimits } from './send-limits.ts';
import type { RoundStops } from './stop-signals.ts';
import { breakCall, endCall, parentsOf, TracedChunk, type TraceParents } from './traced-chunk.ts';

/** How long a round waits for room in a provider's share before it leaves the rest for later, in milliseconds. */
const SHARE_WAIT_MS = 1_000;
/** Wait before a send is looked at again whose provider still had its share in hand, in milliseconds. */
const SHARE_AGAIN_MS = 1_000;
/**
 * Time in which a round begins messages that make calls, in milliseconds. The rest waits for another round, so that a slow
 * server of somebody does not hold up what others send.
 */
const FETCHING_MS = 2_000;

export interface PipelineDeps extends DecideDeps {
  deliveries: Deliveries;
  recorder: Recorder;
  sendLimits: SendLimits;
  appQueues: Pick<AppQueues, 'full'>;
  groupQueues: Pick<GroupQueues, 'full'>;
  traces: Traces;
}

/** The sends of a round. */
export interface Batch {
  sends: readonly PendingSend[];
  dispatches: ReadonlyMap<string, LoadedDispatch>;
  /** Aborted when the worker stops. */
  signal: AbortSignal;
  /** What stops the messages of each dispatch. */
  stops: Pick<RoundStops, 'signalOf'>;
  /** Told when a task must try or look at sends again. */
  onAgain(taskId: number, at: Date): void;
  /** Told when a task must not run before some time, although sends of it are due. */
  onWait(taskId: number, at: Date): void;
}

/**
 * Sends chunk after chunk. While one is delivered, the facts of the next are read. A chunk begins as soon as the send
 * limits of its lane allow it, even if the chunk before has not ended. Resolves when every result is written.
 */
export async function sendInChunks(deps: PipelineDeps, batch: Batch): Promise<void> {
  const pending = new PendingDeliveries();
  // A task must not be tried again while its results are being written, so even after an error they are waited for.
  const paced = new PacedSends(deps, batch);
  const parents = parentsOf(deps.traces, batch.dispatches);
  await beginAll(deps, batch, { pending, paced, parents }).catch((error: unknown) => pending.fail(error));
  await pending.ended();
  paced.tellWaits();
}

/** What a round knows of the messages that it has begun. */
interface Under {
  pending: PendingDeliveries;
  paced: PacedSends;
  parents: TraceParents;
}

/** Begins the sends whose messages make no calls, then the others, for which nobody has to wait then. */
async function beginAll(deps: PipelineDeps, batch: Batch, under: Under): Promise<void> {
  const fetches = ({ dispatchId }: PendingSend) => batch.dispatches.get(dispatchId)?.fetches === true;
  const fetching = batch.sends.filter(fetches);
  if (fetching.length === 0) return beginSome(deps, batch, { sends: batch.sends, ...under });
  await beginSome(deps, batch, { sends: batch.sends.filter((send) => !fetches(send)), ...under });
  await beginSome(deps, batch, { sends: fetching, untilMs: performance.now() + FETCHING_MS, ...under });
}

/** Sends of one kind. `untilMs`: when no more chunks are begun, by `performance.now()`. Absent: all are. */
type Some = Under & { sends: readonly PendingSend[]; untilMs?: number };

/** Begins the sends for whose provider there is room, then those that had to wait for it. */
async function beginSome(deps: PipelineDeps, batch: Batch, some: Some): Promise<void> {
  const { pending } = some;
  const { shares } = deps.sendLimits;
  let held = await beginChunks(deps, batch, some);
  while (held.size > 0) {
    await shares.untilRoom(new Set(held.values()), batch, { mostMs: SHARE_WAIT_MS, signal: batch.signal });
    if (batch.signal.aborted || pending.haveFailed) return; // they stay pending
    const isHung = [...held.values()].every((provider) => shares.isFull(provider, batch));
    if (isHung) return lookAgain(held.keys());
    held = await beginChunks(deps, batch, { ...some, sends: [...held.keys()] });
  }

  function lookAgain(sends: Iterable<PendingSend>): void {
    const at = new Date(deps.clock.now().getTime() + SHARE_AGAIN_MS);
    for (const { taskId } of sends) batch.onAgain(taskId, at);
  }
}

/** Leaves sends for another round, which begins when other tasks have had their turn. */
function leaveForNow({ clock }: PipelineDeps, batch: Batch, sends: readonly PendingSend[]): void {
  const at = clock.now();
  for (const { taskId } of sends) batch.onAgain(taskId, at);
}

/**
 * Returns the sends whose provider has all its share in hand, each with the provider.
 *
 * The steps of each chunk: send limits → facts → decide (gates, message, caps, `sending`) → deliver → record. */
async function beginChunks(
  deps: PipelineDeps,
  batch: Batch,
  { sends: all, pending, paced, parents, untilMs = Number.POSITIVE_INFINITY }: Some,
): Promise<Map<PendingSend, string>> {
  const held = new Map<PendingSend, string>();
  const slotsOf = ({ dispatchId }: PendingSend) => batch.dispatches.get(dispatchId)?.slots ?? 1;
  const most = chunkFor(deps.sendLimits, all, batch.dispatches);
  const chunks = chunksOf(all, { most, slotsOf });
  let ahead = loadAhead(deps, batch, chunks[0]);
  for (const [index, chunk] of chunks.entries()) {
    const loaded = await ahead;
    if (batch.signal.aborted) break; // sends that were not begun stay pending
    if (index > 0 && performance.now() >= untilMs) {
      leaveForNow(deps, batch, chunks.slice(index).flat());
      break;
    }
    const sends = withoutHeld(deps, batch, { chunk, held });
    if (sends.length === 0) {
      ahead = loadAhead(deps, batch, chunks[index + 1]);
      continue;
    }
    const limit = limitFor(deps.sendLimits, sends, batch.dispatches);
    const slots = sumOf(sends, slotsOf);
    await limit.inHand.take(slots, limit);
    if (batch.signal.aborted || pending.haveFailed) {
      giveBack(limit.inHand, slots);
      break;
    }
    ahead = loadAhead(deps, batch, chunks[index + 1]);
    const spans = TracedChunk.begin(parents, sends);
    const parcels = await decidePaced(deps, batch, { sends, loaded, paced }).catch((error: unknown) => {
      pending.fail(error);
      return [];
    });
    giveBack(limit.inHand, slots - sumOf(parcels, ({ send }) => slotsOf(send)));
    spans?.decided(parcels);
    const under = { inHand: limit.inHand, pending, spans };
    for (const parcel of parcels) deliver(deps, batch, parcel, under);
  }
  return held;
}

/**
 * Leaves out sends of dispatches that were stopped meanwhile, and sends that would wait in memory: for a full app queue, or
 * for a provider with its share, which are added to `held`. They stay pending.
 */
function withoutHeld(
  { appQueues, groupQueues, sendLimits }: PipelineDeps,
  batch: Batch,
  { chunk, held }: { chunk: readonly PendingSend[]; held: Map<PendingSend, string> },
): PendingSend[] {
  const stateOf = (send: PendingSend): { fullUntilMs: number | null; provider: string | null } => {
    const { dispatchId, channel } = send;
    const dispatch = batch.dispatches.get(dispatchId);
    const prepared = dispatch?.messages.get(channel);
    if (dispatch === undefined || prepared === undefined) return { fullUntilMs: null, provider: null };
    const provider = providerOf(dispatch, send);
    if (provider !== null && sendLimits.shares.isFull(provider, batch)) return { fullUntilMs: null, provider };
    const { message } = prepared;
    const fullUntilMs =
      groupQueues.full(dispatch.workspace, groupMessageOf(dispatch, prepared)) ??
      appQueues.full(dispatch.workspace, channel, { dispatchId, message, acceptedAt: agesFrom(dispatch) });
    return { fullUntilMs, provider: null };
  };
  // Nearly all neighbours have the same dispatch and channel, and asking has a cost.
  let asked: ({ of: PendingSend } & ReturnType<typeof stateOf>) | null = null;
  return chunk.filter((send) => {
    if (batch.stops.signalOf(send.dispatchId).aborted) return false;
    if (asked?.of.dispatchId !== send.dispatchId || asked.of.channel !== send.channel)
      asked = { of: send, ...stateOf(send) };
    if (asked.provider !== null) held.set(send, asked.provider);
    if (asked.fullUntilMs !== null) batch.onAgain(send.taskId, new Date(asked.fullUntilMs));
    return asked.provider === null && asked.fullUntilMs === null;
  });
}

/**
 * Reads the facts of the next chunk. An error is thrown where they are awaited. null: there is no chunk, or it begins with
 * a send whose provider has all its share in hand.
 */
function loadAhead(
  { db, clock, sendLimits }: PipelineDeps,
  batch: Batch,
  sends: PendingSend[] | undefined,
): Promise<LoadedFacts | null> {
  const { dispatches } = batch;
  const [first] = sends ?? [];
  const provider = first === undefined ? null : providerOf(dispatches.get(first.dispatchId), first);
  const isHeld = provider !== null && sendLimits.shares.isFull(provider, batch);
  if (sends === undefined || isHeld) return Promise.resolve(null);
  const loaded = loadFacts(db.byKey, { sends, dispatches, nowMs: clock.now().getTime() });
  loaded.catch(() => undefined);
  return loaded;
}

/** Decides the part of a chunk that may be begun now by the paces of its dispatches. */
async function decidePaced(
  deps: PipelineDeps,
  batch: Batch,
  { sends, loaded, paced }: { sends: PendingSend[]; loaded: LoadedFacts | null; paced: PacedSends },
): Promise<Parcel[]> {
  if (paced.isEmpty) return decide(deps, batch, { sends, loaded });
  const begun = await paced.begin(sends);
  let parcels: Parcel[] = [];
  try {
    if (begun.sends.length > 0) parcels = await decide(deps, batch, { sends: [...begun.sends], loaded });
  } finally {
    await begun.ended(parcels.map(({ send }) => send));
  }
  return parcels;
}

/** Decides a chunk and returns the parcels to deliver. Facts that grew old before are read again. */
async function decide(
  deps: PipelineDeps,
  { dispatches, onAgain }: Batch,
  { sends, loaded }: { sends: PendingSend[]; loaded: LoadedFacts | null },
): Promise<Parcel[]> {
  const nowMs = deps.clock.now().getTime();
  const isFresh = loaded !== null && areFresh(loaded, nowMs);
  const facts = isFresh ? loaded : await loadFacts(deps.db.byKey, { sends, dispatches, nowMs });
  const { parcels, again } = await decideChunk(deps, { sends, dispatches, facts });
  for (const { taskId, at } of again) onAgain(taskId, at);
  return parcels;
}

/** Delivers one message and records the result. Never throws, because the round could not end then. */
function deliver(
  { deliveries, recorder, sendLimits, clock, meters }: PipelineDeps,
  batch: Batch,
  parcel: Parcel,
  { inHand, pending, spans }: { inHand: InHand; pending: PendingDeliveries; spans: TracedChunk | null },
): void {
  const { stops, onAgain } = batch;
  const { send, dispatch, address, rendered } = parcel;
  const provider = providerOf(dispatch, send);
  const leaveShare = provider === null ? null : sendLimits.shares.begin(provider, batch, dispatch.slots);
  const one = new OneInHand(inHand, dispatch.slots);
  parcel.observer = one;
  pending.begin();
  const call = spans?.call(parcel) ?? null;
  /** `error`: the error that left the send ambiguous. null: the result is written. */
  const done = (error: unknown, verdict?: Verdict) => {
    if (verdict?.status === 'pending') onAgain(send.taskId, verdict.dueAt ?? clock.now());
    one.started();
    leaveShare?.();
    inHand.end(dispatch.slots);
    if (call !== null && error) breakCall(call, error);
    spans?.ended(send, verdict);
    pending.end(error);
  };
  const record = (delivered: Delivered) => {
    if (call !== null) endCall(call, delivered);
    const part = campaignPartOf(dispatch, send);
    const message = delivered.keptIn === null ? null : rendered;
    const isNamed = dispatch.plan.externalSendId !== undefined;
    const result = { ...delivered, send, workspaceId: dispatch.workspace.id, address, part, isNamed, message };
    recorder(result, (error) => {
      const { status } = delivered.verdict;
      if (!error && status !== 'pending') meters.decided(wayOf(send.channel, delivered.keptIn), status);
      done(error, result.verdict); // the recorder may have made it due earlier
    });
  };
  Promise.try(() => deliveries.deliver(parcel, stops.signalOf(send.dispatchId)))
    .then(record)
    .catch(done);
}

/** Gives back the slots of messages that are not sent. */
function giveBack(inHand: InHand, slots: number): void {
  inHand.start(slots);
  inHand.end(slots);
}

/** Cuts the sends of a round into chunks of at most `most` slots. A send that takes more is a chunk of its own. */
function chunksOf(
  sends: readonly PendingSend[],
  { most, slotsOf }: { most: number; slotsOf(send: PendingSend): number },
): PendingSend[][] {
  const chunks: PendingSend[][] = [];
  let slots = most;
  for (const send of sends) {
    const more = slotsOf(send);
    slots += more;
    if (slots > most) {
      chunks.push([]);
      slots = more;
    }
    chunks.at(-1)?.push(send);
  }
  return chunks;
}

function sumOf<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0);
}
