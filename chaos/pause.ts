import { pause, untilTrue } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import { EventLog, type OnEvent } from './events.ts';
import { untilReached } from './progress.ts';
import { conclude, durationNote, type Outcome } from './scenario.ts';
import { sendOneBroadcast, type World } from './world.ts';

const PAUSED_AT = 0.3;
const CANCELLED_AT = 0.6;
const REST_PATIENCE_MS = 60_000;
/** Long enough to notice a worker that still sends. */
const QUIET_MS = 1_000;

interface Described {
  /** When the counts were taken. Absent: just now. */
  counted_at?: string;
  counts: { targeted: number };
  channels: Record<string, Record<string, number>>;
}

/** Pauses a broadcast at 30 %, restarts everything, resumes, and cancels at 60 %. Checks the counts at each step. */
export async function pauseAndCancel(world: World, onEvent: OnEvent): Promise<Outcome> {
  const log = new EventLog(world, onEvent);
  const problems: string[] = [];
  const check = async (step: string, planned: number, rest: 'pending' | 'cancelled') => {
    const { said, wrong } = await compareCounts(world, id, rest);
    problems.push(...wrong.map((problem) => `${step}: ${problem}`));
    await log.note(`${step}: ${said}`, planned);
  };
  const id = await sendOneBroadcast(world);
  const order = (verb: 'pause' | 'resume' | 'cancel') => world.api.ask('POST', `/dispatches/${id}/${verb}`, {});
  await untilReached(world, world.expected * PAUSED_AT);
  await order('pause');
  await log.note('paused', PAUSED_AT);
  await untilNothingMoves(world);
  await check('counted', PAUSED_AT, 'pending');
  await restartEverything(world);
  await log.note('everything stopped in order and restarted', PAUSED_AT);
  await pause(QUIET_MS);
  await check('counted again', PAUSED_AT, 'pending');
  await order('resume');
  await log.note('resumed', PAUSED_AT);
  await untilReached(world, world.expected * CANCELLED_AT);
  await order('cancel');
  await log.note('cancelled', CANCELLED_AT);
  await untilNothingMoves(world);
  await check('counted', CANCELLED_AT, 'cancelled');
  const damage = { workers: 0, cuts: 0 };
  const outcome = await conclude(world, { dispatchIds: [id], damage, isCancelled: true }, log.events, [
    durationNote(log.elapsedMs),
  ]);
  return { ...outcome, problems: [...problems, ...outcome.problems] };
}

/** Waits until there are no tasks and no send is being sent. */
async function untilNothingMoves({ db }: World): Promise<void> {
  await untilTrue('the dispatches to come to rest', REST_PATIENCE_MS, async () => {
    const { moving } = await db.one<{ moving: number }>(sql`
      select (select count(*) from tasks) + (select count(*) from sends where status = 'sending') as moving`);
    return moving === 0;
  });
}

async function restartEverything({ servers, database }: World): Promise<void> {
  await servers.stopAll();
  await database.restart('fast', 0);
  await servers.startAll();
}

/** Compares the server's counts with the providers'. Every person must be counted once for each channel. */
async function compareCounts(world: World, id: string, rest: 'pending' | 'cancelled') {
  const { channels, counts } = await freshCounts(world, id);
  const wrong = counts.targeted === world.people ? [] : [`${counts.targeted} people instead of ${world.people}`];
  let [sent, left] = [0, 0];
  for (const [channel, reported] of Object.entries(channels)) {
    sent += reported.sent ?? 0;
    left += reported[rest] ?? 0;
    const { recipients = 0, attempts: _, attempts_failed: __, attempts_in_flight: ___, ...outcomes } = reported;
    const sum = Object.values(outcomes).reduce((total, count) => total + count, 0);
    if (recipients !== world.people || sum !== recipients)
      wrong.push(`${channel}: ${recipients} recipients, outcomes add up to ${sum}`);
  }
  const reached = await world.reached();
  if (reached !== sent) wrong.push(`the server reports ${sent} sent, the providers have ${reached}`);
  return { said: `${sent} sent, ${left} ${rest}`, wrong };
}

/** Waits for counts from now on: those of a large dispatch may be some seconds old, and say so. */
async function freshCounts({ api }: World, id: string): Promise<Described> {
  const askedAt = Date.now();
  for (;;) {
    const described = await api.ask<Described>('GET', `/dispatches/${id}`);
    if (described.counted_at === undefined || Date.parse(described.counted_at) >= askedAt) return described;
    await pause(100);
  }
}
