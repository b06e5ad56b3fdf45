import { levelOf } from '../db/trouble.ts';
import { createLane, type Lane } from '../queue/lane.ts';
import { type ApplyDeps, applyFeedback, MOST_AT_ONCE } from './apply.ts';
import { FEEDBACK_CHANNEL } from './intake.ts';
import { nextFeedbackAt } from './waiting-events.ts';

/** Applies feedback as it comes, on this and all other servers. */
export async function startFeedback(deps: ApplyDeps): Promise<Lane> {
  const { db, clock, log } = deps;
  let isStopping = false;
  const lane = createLane<never>({
    clock,
    roundsAtOnce: 1,
    // Everything is done here, because after an error the lane waits before it looks again.
    async lease() {
      while (!isStopping && (await applyFeedback(deps)) === MOST_AT_ONCE);
      return [];
    },
    nextDueAt: () => nextFeedbackAt(db.byKey),
    run: () => Promise.resolve(),
    onError: (error) => log[levelOf(error)]({ err: error }, 'feedback could not be applied; trying again'),
  });
  const listener = await db.listen(FEEDBACK_CHANNEL, () => lane.wake());
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
