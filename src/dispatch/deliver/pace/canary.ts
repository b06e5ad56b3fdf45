import type { Database } from '../../../db/database.ts';
import { announceTasks } from '../../../queue/new-tasks.ts';
import { hurryDispatch } from '../../../queue/task-ends.ts';
import { pauseWith } from '../../control/control.ts';
import { noteFailure } from '../../ledger/dispatches/dispatches.ts';
import { type CanaryCounts, endCanary, lookAtCanary, type WatchedCanary } from '../../ledger/pace/starts.ts';
import type { LoadedDispatch } from '../../plan/loaded-dispatch.ts';
import type { Canary } from '../../plan/pace.ts';
import { laneOf } from '../../plan/send-plan.ts';

/** Shortest time between two looks at one canary, by all workers together, in milliseconds. */
const LOOK_EVERY_MS = 2_000;

export type Judgement = { kind: 'wait' } | { kind: 'pass' } | { kind: 'stop'; why: string };

/** Looks at the first part of a dispatch, and pauses the dispatch or lets the rest go out. */
export async function judgeCanary(db: Database, dispatch: LoadedDispatch, now: Date): Promise<void> {
  const { id: dispatchId, plan, messages, targeted } = dispatch;
  const { canary } = plan;
  if (canary === undefined) return;
  const watched = await lookAtCanary(db, dispatchId, { now, everyMs: LOOK_EVERY_MS });
  if (watched === null) return;
  const judgement = judge(canary, watched, { most: canaryMost(canary, targeted), now });
  const end = { dispatchId, channels: [...messages.keys()], now };
  if (judgement.kind === 'stop') {
    await pauseWith({ db, dispatchId, now }, async (tx) => {
      await noteFailure(tx, dispatchId, judgement.why);
      await endCanary(tx, { ...end, state: 'stopped' });
    });
  } else if (judgement.kind === 'pass') {
    await db.transaction(async (tx) => {
      await hurryDispatch(tx, dispatchId, now);
      await endCanary(tx, { ...end, state: 'passed' });
      await announceTasks(tx, laneOf(plan));
    });
  }
}

/** Number of messages of each channel that are the canary of an audience. */
export function canaryMost({ percent }: Canary, targeted: number): number {
  return Math.max(1, Math.ceil((targeted * percent) / 100));
}

/**
 * Judges what became of the first part. It stops as soon as a share is too large, whatever is still open; it passes once
 * nothing is open and what comes back has been waited for. What is to be tried again then counts as failed. `most`: size of
 * the part. Pure.
 */
export function judge(
  canary: Canary,
  { lastAt, counts }: WatchedCanary,
  { most, now }: { most: number; now: Date },
): Judgement {
  const watchedUntil = lastAt.getTime() + canary.watch_minutes * 60_000;
  const isOver = now.getTime() >= watchedUntil && counts.every(({ open }) => open === 0);
  for (const one of counts) {
    const why = tooMany(canary, isOver ? { ...one, failed: one.failed + one.retrying } : one, most);
    if (why !== null) return { kind: 'stop', why };
  }
  return isOver ? { kind: 'pass' } : { kind: 'wait' };
}

/** Says which share is too large. null: none. */
function tooMany(canary: Canary, counts: CanaryCounts, most: number): string | null {
  const whole = Math.max(most, counts.begun);
  const shares = [
    ['bounced', counts.bounced, canary.most_bounced_percent],
    ['failed', counts.failed, canary.most_failed_percent],
    ['were complained of', counts.complained, canary.most_complained_percent],
  ] as const;
  for (const [what, count, limit] of shares) {
    const share = (count / whole) * 100;
    if (count > 0 && share > limit) {
      const said = `${count} of the first ${whole} messages of ${counts.channel} ${what}`;
      return `canary: ${said} (${shortened(share)} %), and at most ${limit} % may; resume the dispatch to go on all the same, or cancel it`;
    }
  }
  return null;
}

function shortened(share: number): string {
  return String(Math.round(share * 100) / 100);
}
