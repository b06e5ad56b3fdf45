import { breaths } from '../../lib/limits/breaths.ts';
import { MOST_COMPOSING_MS } from '../plan/loaded-dispatch.ts';
import type { Candidate } from './candidates.ts';
import { compose, type LinkMaker } from './compose.ts';
import { later, type Refusal } from './decision.ts';

export interface ComposeAllOptions {
  links: LinkMaker;
  /** Time after which the rest is left for later, in milliseconds. At least one message is composed. */
  mostMs: number;
}

/** Wait before messages are composed for which there was no time, in milliseconds. */
const AGAIN_MS = 1_000;

const spent: Refusal = {
  kind: 'refuse',
  status: 'aborted',
  reason: 'render_error',
  detail: `the messages of this dispatch have taken ${MOST_COMPOSING_MS / 1_000} s of processor time together`,
};

/**
 * Composes the messages of the candidates admitted so far. null: all are composed, and nothing waits. Otherwise it pauses,
 * so that dear messages do not keep the thread from its other work; what it has no time for is decided later.
 */
export function composeAll(candidates: readonly Candidate[], options: ComposeAllOptions): Promise<unknown> | null {
  const startedMs = performance.now();
  const waiting: Promise<void>[] = [];
  const at = composeSlice(candidates, 0, options.links, waiting);
  if (at < candidates.length) return composeRest(candidates, at, { ...options, startedMs, waiting });
  return waiting.length === 0 ? null : Promise.all(waiting);
}

async function composeRest(
  candidates: readonly Candidate[],
  from: number,
  { links, mostMs, startedMs, waiting }: ComposeAllOptions & { startedMs: number; waiting: Promise<void>[] },
): Promise<void> {
  let at = from;
  for (let sliceMs = startedMs; at < candidates.length; ) {
    await breaths.rest(sliceMs);
    sliceMs = performance.now();
    if (sliceMs - startedMs >= mostMs) break;
    at = composeSlice(candidates, at, links, waiting);
  }
  for (const { facts, soFar } of candidates.slice(at))
    if (soFar.kind === 'admit') facts.composed = later(facts.now, AGAIN_MS);
  await Promise.all(waiting);
}

/** Composes until it is time for a pause. Returns where it stopped. */
function composeSlice(
  candidates: readonly Candidate[],
  from: number,
  links: LinkMaker,
  waiting: Promise<void>[],
): number {
  const startedMs = performance.now();
  for (let at = from; at < candidates.length; at += 1) {
    const candidate = candidates[at];
    if (candidate?.soFar.kind !== 'admit' || candidate.facts.recipient === null) continue;
    if (at > from && breaths.isDue(startedMs)) return at;
    const arrival = composeOne(candidate, candidate.facts.recipient, links);
    if (arrival !== null) waiting.push(arrival);
  }
  return candidates.length;
}

function composeOne(
  { dispatch, message, facts, send }: Candidate,
  recipient: NonNullable<Candidate['facts']['recipient']>,
  links: LinkMaker,
): Promise<void> | null {
  const { composing } = dispatch;
  if (composing !== null && composing.ms >= MOST_COMPOSING_MS) {
    facts.composed = spent;
    return null;
  }
  const before = composing === null ? undefined : process.threadCpuUsage();
  const composed = compose({ dispatch, message, recipient, position: send.recipient ?? null, now: facts.now, links });
  if (composing !== null) {
    const { user, system } = process.threadCpuUsage(before);
    composing.ms += (user + system) / 1_000;
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
