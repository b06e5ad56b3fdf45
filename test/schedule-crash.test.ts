// A schedule by local time on a day of clock changes, with workers in processes of their own, of which one is killed.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Database } from '../src/db/database.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';
import { thirtyZones } from './support/schedules.ts';
import { WorkerProcess } from './support/worker-process.ts';

const PEOPLE = Number(process.env.CRESSET_TEST_PEOPLE ?? 3_000);
const VIENNA = new Date('2027-03-28T07:00:00Z');

/** Two processes that work, and the clocks of all. */
class World {
  readonly app: TestApp;
  workers: WorkerProcess[];

  constructor(app: TestApp, workers: WorkerProcess[]) {
    this.app = app;
    this.workers = workers;
  }

  async advance(ms: number): Promise<void> {
    this.app.clock.advance(ms);
    await Promise.all(this.workers.map((worker) => worker.tell({ what: 'advance', ms })));
  }

  /** Waits until everything that is due has been done. Each may take what another added, so all are asked twice. */
  async drain(): Promise<void> {
    for (let looks = 0; looks < 2; looks += 1)
      await Promise.all(this.workers.map((worker) => worker.tell({ what: 'idle' })));
  }

  /** Moves the clocks to an instant, from one due time to the next. */
  async goTo(at: Date): Promise<void> {
    for (;;) {
      await this.drain();
      const now = this.app.clock.now().getTime();
      const { due, held } = await this.app.db.one<{ due: Date | null; held: number }>(sql`
        select min(run_at) as due, count(leased_until) as held from tasks`);
      if (held > 0) continue; // a notification has just woken a worker
      const next = Math.min(at.getTime(), due?.getTime() ?? at.getTime());
      if (next > now) await this.advance(next - now);
      else if (now >= at.getTime() && (due === null || due > at)) return;
    }
  }
}

/** Makes whoever writes a message to the sandbox wait, until the returned function is called. */
async function holdMessages(db: Database): Promise<() => Promise<void>> {
  await db.run(sql`
    create function wait_for_the_test() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock_shared(5);
      return new;
    end $$`);
  await db.run(sql`
    create trigger wait_for_the_test before insert on sandbox_messages for each row execute function wait_for_the_test()`);
  const locked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const holding = db.transaction(async (tx) => {
    await tx.run(sql`select pg_advisory_xact_lock(5)`);
    locked.resolve();
    await released.promise;
  });
  await locked.promise;
  return async () => {
    released.resolve();
    await holding;
    await db.run(sql`drop trigger wait_for_the_test on sandbox_messages`);
  };
}

/** The worker with the most tasks in hand, once there is one, and how many it has. */
async function busiest(db: Database): Promise<{ worker: string; tasks: number }> {
  for (;;) {
    const found = await db.maybeOne<{ worker: string; tasks: number }>(sql`
      select worker, count(*) as tasks from tasks where leased_until is not null group by 1 order by 2 desc limit 1`);
    if (found !== null) return found;
  }
}

test(`${PEOPLE} people in 30 zones get a schedule at nine by their clocks, once, though one of two processes is killed`, async (t) => {
  const app = await startTestApp(t, { worker: false, startsAt: new Date('2027-03-27T12:00:00Z') });
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: PEOPLE });
  await app.db.run(sql`update profiles set time_zone = (${thirtyZones}::text[])[user_id % 30 + 1]`);
  const world = new World(app, await Promise.all([WorkerProcess.start(app), WorkerProcess.start(app)]));
  const { status, body } = await app.post('/messages/schedule/create', {
    messages: { webhook: { url: 'https://example.com/{{${user_id}}}', request_method: 'POST' } },
    broadcast: true,
    audience: { custom_attribute: { custom_attribute_name: 'never', comparison: 'does_not_exist' } },
    schedule: { time: '2027-03-28T09:00:00', in_local_time: true },
  });
  assert.equal(status, 201, JSON.stringify(body));

  await world.goTo(new Date(VIENNA.getTime() - 1_000));
  const release = await holdMessages(app.db);
  await world.advance(1_000);
  const { worker: doomed, tasks } = await busiest(app.db);
  await world.workers.find(({ id }) => id === doomed)?.kill();
  world.workers = world.workers.filter(({ id }) => id !== doomed);
  assert.equal(world.workers.length, 1);
  await release();
  // Until the leases of the dead process have expired. A clock that stands at the very end of one would make it look again and again.
  for (let steps = 0; steps < 20; steps += 1) {
    await world.advance(1_300);
    await world.drain();
  }
  await world.goTo(new Date('2027-03-29T00:00:00Z'));

  const rows = await app.db.query<{ late: number; people: number; messages: number }>(sql`
    select extract(epoch from date_trunc('minute', m.at) - '2027-03-28 09:00'::timestamp at time zone p.time_zone)::integer as late,
           count(*) as people, sum(m.messages)::integer as messages
      from profiles p
      left join (select bucket, user_id, min(delivered_at) as at, count(*) as messages
                   from sandbox_messages group by 1, 2) as m on m.bucket = p.bucket and m.user_id = p.user_id
     group by 1`);
  assert.deepEqual(rows, [{ late: 0, people: PEOPLE, messages: PEOPLE }], 'everybody at the right minute, once');
  const { after } = await app.db.one<{ after: number }>(sql`
    select count(*) as after from sandbox_messages where delivered_at > ${VIENNA} and delivered_at < '2027-03-28T07:01:00Z'`);
  assert.ok(after > 0, 'the survivor sent what the dead process had in hand');
  const shown = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.deepEqual([shown.state, shown.counts.targeted, shown.channels.webhook.sent], ['finished', PEOPLE, PEOPLE]);
  t.diagnostic(`killed with ${tasks} tasks in hand; ${after} messages went out after the takeover`);
});
