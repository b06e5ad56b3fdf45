import { untilTrue } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import { EventLog, type Tell } from './events.ts';
import { untilEnded, untilReached } from './progress.ts';
import { conclude, notesOf, type Outcome, took } from './scenario.ts';
import { sendBroadcasts, type World } from './world.ts';

const FROZEN_AT = 0.4;
const TAKEOVER_PATIENCE_MS = 90_000;

/**
 * A worker stops in the middle of its work, as a machine that is suspended does, until another has taken over what it
 * held; then it goes on with what it still has in hand, and knows of nothing.
 */
export async function freeze(world: World, tell: Tell): Promise<Outcome> {
  const log = new EventLog(world, tell);
  const dispatchIds = await sendBroadcasts(world);
  await untilReached(world, world.expected * FROZEN_AT);
  const { child } = await world.servers.running('worker 1');
  child.kill('SIGSTOP');
  await log.note('worker 1 frozen', FROZEN_AT);
  await untilTakenOver(world);
  child.kill('SIGCONT');
  await log.note('worker 1 goes on, after another has taken over all that it held', FROZEN_AT);
  const ended = await untilEnded(world);
  const notes = [...notesOf(ended), took(log.elapsedMs)];
  return conclude(world, { dispatchIds, damage: { workers: 1, cuts: 0 }, isCancelled: false }, log.events, notes);
}

/** No lease has run out, and the only ones that are left are renewed. */
async function untilTakenOver({ db }: World): Promise<void> {
  const holders = () =>
    db.one<{ over: number; fresh: number }>(sql`
      select count(*) filter (where leased_until < now()) as over, count(*) filter (where leased_until >= now()) as fresh
        from tasks`);
  await untilTrue('a lease to run out', TAKEOVER_PATIENCE_MS, async () => (await holders()).over > 0);
  await untilTrue('another worker to take over', TAKEOVER_PATIENCE_MS, async () => (await holders()).over === 0);
}
