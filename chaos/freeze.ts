import { untilTrue } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import { EventLog, type OnEvent } from './events.ts';
import { untilEnded, untilReached } from './progress.ts';
import { conclude, durationNote, notesOf, type Outcome } from './scenario.ts';
import { sendBroadcasts, type World } from './world.ts';

const FROZEN_AT = 0.4;
const TAKEOVER_PATIENCE_MS = 90_000;

/**
 * Freezes a worker in the middle of its work, as when a machine is suspended, until another worker has taken over its tasks.
 * Then the first one continues with what it has in hand, unaware of the takeover.
 */
export async function freeze(world: World, onEvent: OnEvent): Promise<Outcome> {
  const log = new EventLog(world, onEvent);
  const dispatchIds = await sendBroadcasts(world);
  await untilReached(world, world.expected * FROZEN_AT);
  const { child } = await world.servers.running('worker 1');
  child.kill('SIGSTOP');
  await log.note('worker 1 frozen', FROZEN_AT);
  await untilTakenOver(world);
  child.kill('SIGCONT');
  await log.note('worker 1 continues, after another has taken over all its tasks', FROZEN_AT);
  const ended = await untilEnded(world);
  const notes = [...notesOf(ended), durationNote(log.elapsedMs)];
  return conclude(world, { dispatchIds, damage: { workers: 1, cuts: 0 }, isCancelled: false }, log.events, notes);
}

/** Waits until a lease has expired, and then until no expired lease is left. */
async function untilTakenOver({ db }: World): Promise<void> {
  const leases = () =>
    db.one<{ expired: number }>(sql`select count(*) as expired from tasks where leased_until < now()`);
  await untilTrue('a lease to expire', TAKEOVER_PATIENCE_MS, async () => (await leases()).expired > 0);
  await untilTrue('another worker to take over', TAKEOVER_PATIENCE_MS, async () => (await leases()).expired === 0);
}
