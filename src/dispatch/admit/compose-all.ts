import type { ContentDesk } from '../../connected-content/desk.ts';
import type { MessageContent } from '../../connected-content/message-content.ts';
import type { ItemShelf } from '../../item-catalogs/shelf.ts';
import { breaths } from '../../lib/limits/breaths.ts';
import { MOST_COMPOSING_MS } from '../plan/loaded-dispatch.ts';
import type { Candidate } from './candidates.ts';
import { compose, type LinkMaker } from './compose.ts';
import type { Composed } from './composed.ts';
import { later, type Refusal } from './decision.ts';
import { CatalogRounds } from './rounds/catalog-rounds.ts';
import { withoutContent } from './rounds/content-retry.ts';
import { ContentRounds } from './rounds/content-rounds.ts';
import type { TrackerMaker } from './trackers.ts';

export interface ComposeAllOptions {
  links: LinkMaker;
  trackers: TrackerMaker;
  /** Time after which the rest is left for later, in milliseconds. At least one message is composed. */
  mostMs: number;
  /** What is known of item catalogs. Absent: no message reads them. */
  shelf?: ItemShelf;
  /** Makes the calls of templates. Absent: no message makes any. */
  desk?: ContentDesk;
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
  contents: ContentRounds;
}

/**
 * Composes the messages of the candidates admitted so far. null: all are composed, and nothing waits. Otherwise it pauses,
 * so that dear messages do not keep the thread from its other work; what it has no time for is decided later.
 */
export function composeAll(candidates: readonly Candidate[], options: ComposeAllOptions): Promise<unknown> | null {
  const catalogs = new CatalogRounds(options.shelf ?? null);
  const contents = new ContentRounds(options.desk ?? null);
  const work: Work = { ...options, startedMs: performance.now(), waiting: [], catalogs, contents };
  const at = composeSlice(candidates, 0, work);
  if (at < candidates.length || catalogs.isWaiting || contents.isWaiting) return composeRest(candidates, at, work);
  return work.waiting.length === 0 ? null : Promise.all(work.waiting);
}

async function composeRest(candidates: readonly Candidate[], from: number, work: Work): Promise<void> {
  await composeInSlices(candidates, from, work);
  const { catalogs, contents } = work;
  while (catalogs.isWaiting || contents.isWaiting) {
    const again = catalogs.isWaiting ? await catalogs.read(catalogs.take()) : await contents.next(timeLeft(work));
    if (isTimeUp(work)) putOff([...again, ...contents.leave()], work);
    else await composeInSlices(again, 0, work);
  }
  await Promise.all(work.waiting);
}

function isTimeUp(work: Work): boolean {
  return timeLeft(work) <= 0;
}

function timeLeft({ startedMs, mostMs }: Work): number {
  return mostMs - (performance.now() - startedMs);
}

async function composeInSlices(candidates: readonly Candidate[], from: number, work: Work): Promise<void> {
  let sliceMs = from === 0 ? performance.now() : work.startedMs;
  for (let at = from; at < candidates.length; ) {
    if (at > 0) await breaths.rest(sliceMs);
    sliceMs = performance.now();
    if (isTimeUp(work)) return putOff(candidates.slice(at), work);
    at = composeSlice(candidates, at, work);
  }
}

function putOff(candidates: readonly Candidate[], { desk }: Pick<Work, 'desk'>): void {
  for (const { facts, soFar, content } of candidates) {
    if (soFar.kind !== 'admit') continue;
    facts.composed = later(facts.now, AGAIN_MS);
    if (content !== undefined) desk?.keep(content);
  }
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
  { links, trackers, catalogs, contents }: Work,
): Promise<void> | null {
  const { dispatch, message, facts, send, listed } = candidate;
  const { composing } = dispatch;
  if (composing !== null && composing.ms >= MOST_COMPOSING_MS) {
    facts.composed = spent;
    return null;
  }
  const items = catalogs.itemsFor(candidate);
  if (items === null) return null;
  const content = contents.contentFor(candidate);
  content?.begin(() => items?.mustRenderAgain !== true);
  const before = composing === null ? undefined : process.threadCpuUsage();
  const composed = compose({
    dispatch,
    message,
    recipient,
    position: send.recipient ?? null,
    listed,
    // A retry goes to the devices of the first attempt.
    devices: send.devices != null && send.devices.length > 0 ? recipient.pushTargets : facts.pushTargets,
    now: facts.now,
    links,
    trackers,
    items,
    content,
  });
  if (composing !== null) {
    const { user, system } = process.threadCpuUsage(before);
    composing.ms += (user + system) / 1_000;
  }
  if (items?.mustRenderAgain) {
    catalogs.wait(candidate);
    return null;
  }
  if (content?.isMissing) {
    contents.wait(candidate, content);
    return null;
  }
  if (!(composed instanceof Promise)) {
    facts.composed = withContent(composed, candidate, content);
    return null;
  }
  const arrival = composed.then((one) => {
    facts.composed = withContent(one, candidate, content);
  });
  arrival.catch(() => undefined); // Promise.all throws it, but another may reject first
  return arrival;
}

/** A message with `:retry` whose content did not come waits, unless its author has ended it. */
function withContent(
  composed: Composed,
  { facts, send }: Pick<Candidate, 'facts' | 'send'>,
  content: MessageContent | undefined,
): Composed {
  if (content === undefined) return composed;
  content.release();
  return content.toRetry === null ? composed : withoutContent(content.toRetry, send.contentTries ?? 0, facts.now);
}
