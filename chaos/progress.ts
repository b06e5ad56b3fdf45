import { pause, persistently, untilTrue } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import { replaySetAside } from './set-aside.ts';
import type { World } from './world.ts';

/** A run without progress for this long is stuck: longer than leases, retries and breakers take. */
const STUCK_MS = 150_000;
const LOOK_EVERY_MS = 20;

/** Without progress for this long, everything may have ended: with at_most_once some sends stay unknown. */
const STILL_MS = 1_000;

/**
 * Waits until `wanted` messages are delivered or no work is left, and returns how many are delivered. Throws an error that
 * says what is stuck if nothing moves.
 */
export async function untilReached(world: World, wanted: number): Promise<number> {
  let seen = -1;
  let movedAt = performance.now();
  for (;;) {
    const reached = await world.reached();
    if (reached >= wanted) return reached;
    if (reached !== seen) movedAt = performance.now();
    else if (performance.now() - movedAt > STILL_MS && (await hasEnded(world))) return reached;
    if (performance.now() - movedAt > STUCK_MS)
      throw new Error(`stuck at ${reached} of ${wanted}: ${await whatIsStuck(world)}`);
    seen = reached;
    await pause(LOOK_EVERY_MS);
  }
}

async function hasEnded(world: World): Promise<boolean> {
  return isOver(world, await persistently(STUCK_MS, () => restOf(world)));
}

/** Whether no work is left. What was set aside is replayed. */
async function isOver(world: World, { tasks, open }: Rest): Promise<boolean> {
  return tasks === 0 && open === 0 && (await replaySetAside(world)) === 0;
}

export interface Ended {
  /** Number of mails and texts whose next try was minutes away and was brought forward. */
  broughtForward: number;
}

interface Rest extends Record<string, unknown> {
  /** Number of tasks without those that only a replay takes up. */
  tasks: number;
  open: number;
  /** Number of sends that only wait for a later try. */
  waiting: number;
  waiting_slow: number;
  others: number;
}

/** Waits until every dispatch has ended and no task is left. */
export async function untilEnded(world: World): Promise<Ended> {
  let broughtForward = 0;
  let seen = '';
  let movedAt = performance.now();
  for (;;) {
    const rest = await persistently(STUCK_MS, () => restOf(world));
    if (await isOver(world, rest)) return { broughtForward };
    const state = JSON.stringify(rest);
    if (state !== seen) movedAt = performance.now();
    else if (performance.now() - movedAt > STUCK_MS) throw new Error(`stuck: ${await whatIsStuck(world)}`);
    if (rest.waiting_slow > 0 && rest.others === 0) broughtForward += await bringForward(world);
    seen = state;
    await pause(250);
  }
}

/** Waits until everything that providers tell has come, twice, and is applied. */
export async function untilTold({ db, relay }: World): Promise<void> {
  for (let count = -1; count !== relay.count(); await pause(STILL_MS)) {
    count = relay.count();
    await relay.deliver();
  }
  await untilTrue('what providers told to be applied', STUCK_MS, async () => {
    const { waiting } = await db.one<{ waiting: number }>(sql`
      select count(*) as waiting from feedback_events where place is null`);
    return waiting === 0;
  });
}

/** Channels whose retries are minutes apart. */
const slow = ['email', 'sms', 'whats_app'];

function restOf({ db }: World): Promise<Rest> {
  return db.one<Rest>(sql`
    select (select count(*) from tasks where run_at < '9999-01-01') as tasks,
           (select count(*) from dispatches where state in ('accepted', 'sending', 'paused')) as open,
           count(*) filter (where status = 'pending' and due_at > now()) as waiting,
           count(*) filter (where channel = any(${slow}) and status = 'pending' and due_at > now() + interval '60 s')
             as waiting_slow,
           count(*) filter (where status = 'sending' or (status = 'pending' and coalesce(due_at, now()) <= now()))
             as others
      from sends
     where status in ('pending', 'sending')`);
}

/**
 * Makes waiting mails and texts due now. They are retried after minutes, and when nothing else is left to do, the harness
 * need not wait that long.
 */
function bringForward({ db }: World): Promise<number> {
  return db.transaction(async (tx) => {
    const moved = await tx.run(
      sql`update sends set due_at = now() where channel = any(${slow}) and status = 'pending' and due_at > now()`,
    );
    await tx.run(sql`update tasks set run_at = now() where leased_until is null and run_at > now()`);
    await tx.run(sql`select pg_notify('tasks', '')`);
    return moved;
  });
}

async function whatIsStuck({ db, servers }: World): Promise<string> {
  const sends = await db.query(sql`
    select channel, status, reason, provider_code, count(*) as count, min(due_at) as due
      from sends
     group by channel, status, reason, provider_code
     order by 1, 2`);
  const tasks = await db.query(sql`
    select kind, worker, leased_until < now() as is_over, count(*) as count, max(tries) as tries, min(run_at) as run_at
      from tasks
     group by kind, worker, is_over`);
  const dispatches = await db.query(sql`select state, open_tasks, targeted, failure from dispatches`);
  return JSON.stringify({ sends, tasks, dispatches, crashes: servers.crashes }, null, 1);
}
