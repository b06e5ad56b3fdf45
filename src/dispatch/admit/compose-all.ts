import type { ItemShelf } from '../../item-catalogs/shelf.ts';
import { breaths } from '../../lib/limits/breaths.ts';
import { MOST_COMPOSING_MS } from '../plan/loaded-dispatch.ts';
import type { Candidate } from './candidates.ts';
import { CatalogRounds } from './catalog-rounds.ts';
import { compose, type LinkMaker } from './compose.ts';
import { later, type Refusal } from './decision.ts';
import type { TrackerMaker } from './trackers.ts';

export interface ComposeAllOptions {
  links: LinkMaker;
  trackers: TrackerMaker;
  /** Time after which the rest is left for later, in milliseconds. At least one message is composed. */
  mostMs: number;
  /** What is known of item catalogs. Absent: no message reads them. */
  shelf?: ItemShelf;
}

/** Wait before messages are composed for which there was no time, in milliseconds. */
const AGAIN_MS = 1_000;

const spent: Refusal = {
  kind: 'refuse',
  status: 'aborted',
  reason: 'render_error',
  detail: `the messages of this dispatch have taken ${MOST_COMPOSING_MS / 1_000} s of processor time together`,
};

/** What the slices of one call share. */
interface Work extends ComposeAllOptions {
  startedMs: number;
  /** The messages whose texts wait for something. */
  waiting: Promise<void>[];
  catalogs: CatalogRounds;
}

/**
 * Composes the messages of the candidates admitted so far. null: all are composed, and nothing waits. Otherwise it pauses,
 * so that dear messages do not keep the thread from its other work; what it has no time for is decided later.
 */
export function composeAll(candidates: readonly Candidate[], options: ComposeAllOptions): Promise<unknown> | null {
  const catalogs = new CatalogRounds(options.shelf ?? null);
  const work: Work = { ...options, startedMs: performance.now(), waiting: [], catalogs };
  const at = composeSlice(candidates, 0, work);
  if (at < candidates.length || catalogs.isWaiting) return composeRest(candidates, at, work);
  return work.waiting.length === 0 ? null : Promise.all(work.waiting);
}

async function composeRest(candidates: readonly Candidate[], from: number, work: Work): Promise<void> {
  await composeInSlices(candidates, from, work);
  while (work.catalogs.isWaiting) {
    const again = await work.catalogs.read(work.catalogs.take());
    if (isTimeUp(work)) putOff(again);
    else await composeInSlices(again, 0, work);
  }
  await Promise.all(work.waiting);
}

function isTimeUp({ startedMs, mostMs }: Work): boolean {
  return performance.now() - startedMs >= mostMs;
}

async function composeInSlices(candidates: readonly Candidate[], from: number, work: Work): Promise<void> {
  let sliceMs = from === 0 ? performance.now() : work.startedMs;
  for (let at = from; at < candidates.length; ) {
    if (at > 0) await breaths.rest(sliceMs);
    sliceMs = performance.now();
    if (isTimeUp(work)) return putOff(candidates.slice(at));
    at = composeSlice(candidates, at, work);
  }
}

function putOff(candidates: readonly Candidate[]): void {
  for (const { facts, soFar } of candidates) if (soFar.kind === 'admit') facts.composed = later(facts.now, AGAIN_MS);
}

/** Composes until it is time for a pause. Returns where it stopped. */
function composeSlice(candidates: readonly Candidate[], from: number, work: Work): number {
  const startedMs = performance.now();
  for (let at = from; at < candidates.length; at += 1) {
    const candidate = candidates[at];
    if (candidate?.soFar.kind !== 'admit' || candidate.facts.recipient === null) continue;
    if (at > from && breaths.isDue(startedMs)) return at;
    const arrival = composeOne(candidate, candidate.facts.recipient, work);
    if (arrival !== null) work.waiting.push(arrival);
  }
  return candidates.length;
}

function composeOne(
  candidate: Candidate,
  recipient: NonNullable<Candidate['facts']['recipient']>,
  { links, trackers, catalogs }: Work,
): Promise<void> | null {
  const { dispatch, message, facts, send, listed } = candidate;
  const { composing } = dispatch;
  if (composing !== null && composing.ms >= MOST_COMPOSING_MS) {
    facts.composed = spent;
    return null;
  }
  const items = catalogs.itemsFor(candidate);
  if (items === null) return null;
  const before = composing === null ? undefined : process.threadCpuUsage();
  const composed = compose({
    dispatch,
    message,
    recipient,
    position: send.recipient ?? null,
    listed,
    now: facts.now,
    links,
    trackers,
    items,
  });
  if (composing !== null) {
    const { user, system } = process.threadCpuUsage(before);
    composing.ms += (user + system) / 1_000;
  }
  if (items?.mustRenderAgain) {
    catalogs.wait(candidate);
    return null;
  }
  if (!(composed instanceof Promise)) {
    facts.composed = composed;
    return null;
  }
  const arrival = composed.then((one) => {
    facts.composed = one;
  });
  arrival.catch(() => undefined); // Promise.all throws it, but another may reject first
  return arrival;
}
