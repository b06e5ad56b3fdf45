import { levelOf } from '../db/trouble.ts';
import { breaths } from '../lib/limits/breaths.ts';
import { FEED_CHANNEL } from '../people/consent/record/write.ts';
import { createLane, type Lane } from '../queue/lane.ts';
import { type ApplyDeps, applyFeedback, MOST_AT_ONCE } from './apply.ts';
import { tellConsentChanges } from './consent-events.ts';
import { nextFeedbackAt } from './waiting-events.ts';

/**
 * From this number of events at once on, others rush in behind them. What is taken can wait, and messages to named people
 * cannot, so applying takes half of the time at most, and what came meanwhile is applied together.
 */
const RUSH = 50;

/** Applies feedback as it comes, on this and all other servers. `onApplied`: there is something new in the feed. */
export async function startFeedback(deps: ApplyDeps, onApplied: () => void): Promise<Lane> {
  const { db, clock, log } = deps;
  let isStopping = false;
  const lane = createLane<never>({
    clock,
    roundsAtOnce: 1,
    // Everything is done here, because after an error the lane waits before it looks again.
    async lease() {
      let count = MOST_AT_ONCE;
      while (!isStopping && count === MOST_AT_ONCE) {
        const startedMs = performance.now();
        const applied = await applyFeedback(deps);
        const told = await tellConsentChanges(deps, MOST_AT_ONCE);
        count = Math.max(applied, told);
        if (count > 0) onApplied();
        if (count >= RUSH) await breaths.rest(startedMs);
      }
      return [];
    },
    nextDueAt: () => nextFeedbackAt(db.byKey),
    run: () => Promise.resolve(),
    onError: (error) => log[levelOf(error)]({ err: error }, 'feedback could not be applied; trying again'),
  });
  const listener = await db.listen(FEED_CHANNEL, () => lane.wake());
  lane.wake();
  return {
    wake: lane.wake,
    idle: lane.idle,
    async stop() {
      isStopping = true;
      await listener.stop();
      await lane.stop();
    },
  };
}
