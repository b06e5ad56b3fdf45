import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { testDatabase } from '../../../test/support/database.ts';
import { workspaceOf } from '../../../test/support/people.ts';
import { sql } from '../../db/sql.ts';
import { isSqlstate } from '../../db/sqlstates.ts';
import { applyTrack } from './apply.ts';
import { createTrackGroups } from './groups.ts';
import { readLists, readTrack } from './request.ts';
import type { TrackWork } from './track.ts';

type Body = Record<string, unknown>;

async function start(t: TestContext) {
  const { db, workspaceId } = await testDatabase(t);
  const clock = new TestClock();
  const workspace = workspaceOf(workspaceId);
  const groups = createTrackGroups({ db, clock });
  const work = (body: Body): TrackWork => ({
    request: readTrack(readLists(body, 'per_array'), { workspace, source: { door: 'api' }, now: clock.now() }),
    workspace,
    sizeBytes: 100,
  });
  const set = (external_id: string, custom: Body) => groups.write(work({ attributes: [{ external_id, ...custom }] }));
  return {
    ...{ db, clock, groups, work, set },
    bulk: (external_id: string) => groups.writeBulk(work({ attributes: [{ external_id }] })),
    async custom(external_id: string) {
      const { custom } = await db.one<{ custom: Body }>(
        sql`select custom from profiles where external_id = ${external_id}`,
      );
      return custom;
    },
    /** Number of transactions that wrote the present rows. */
    async transactions(): Promise<number> {
      const { n } = await db.one<{ n: number }>(sql`select count(distinct xmin::text) as n from profiles`);
      return n;
    },
    async count(external_id: string): Promise<number> {
      const { n } = await db.one<{ n: number }>(
        sql`select count(*) as n from profiles where external_id = ${external_id}`,
      );
      return n;
    },
    /** Locks a person as another program would. Returns what ends the lock. */
    async lock(external_id: string): Promise<() => Promise<void>> {
      const [isLocked, isOver] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const held = db.transaction(async (tx) => {
        await tx.one(sql`select external_id from profiles where external_id = ${external_id} for update`);
        isLocked.resolve();
        await isOver.promise;
      });
      await isLocked.promise;
      return async () => {
        isOver.resolve();
        await held;
      };
    },
    /** The process of the database that waits for a lock, once there is one. */
    async waiting(): Promise<number> {
      for (;;) {
        const [found] = await db.query<{ pid: number }>(sql`
          select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
        if (found !== undefined) return found.pid;
      }
    },
  };
}

test('requests that come together share a commit, in order, and each has its own problems', async (t) => {
  const world = await start(t);
  const people = Array.from({ length: 40 }, (_, n) => `p${n}`);
  const many = Array.from({ length: 501 }, (_, n) => n);
  const answers = await Promise.all([
    ...people.map((name) => world.set(name, { n: 1 })),
    world.set('p0', { n: { inc: 5 } }),
    world.set('p1', { list: { add: many } }),
    world.set('p0', { n: { inc: 1 }, last: true }),
    world.groups.write(world.work({ events: [{ external_id: 'p0', name: 'e', time: '2026-01-01' }] })),
    world.groups.write(world.work({ events: [{ external_id: 'new', name: 'e', time: '2026-01-01' }] })),
    world.set('new', { m: 1 }),
  ]);
  assert.equal(await world.transactions(), 1);
  assert.deepEqual(await world.custom('p0'), { n: 7, last: true });
  assert.deepEqual(await world.custom('new'), { m: 1 });
  assert.deepEqual(
    answers.flatMap((problems, index) =>
      problems.map(({ index: object, input_array }) => [index, input_array, object]),
    ),
    [[41, 'attributes', 0]],
  );
  assert.deepEqual(await world.db.query(sql`select count, kind from activity_totals`), [
    { count: 1, kind: 'event' },
    { count: 1, kind: 'event' },
  ]);
});

test('a request that PostgreSQL refuses fails alone, and the others keep their order', async (t) => {
  const world = await start(t);
  await world.db.run(sql`alter table profiles add constraint no_bad check (external_id not like 'bad%')`);
  const answers = await Promise.allSettled(
    Array.from({ length: 24 }, (_, n) => (n % 12 === 7 ? world.set(`bad${n}`, {}) : world.set('ada', { last: n }))),
  );
  const failed = answers.flatMap((answer, n) => (answer.status === 'rejected' ? [[n, answer.reason] as const] : []));
  assert.deepEqual(
    failed.map(([n]) => n),
    [7, 19],
  );
  for (const [, error] of failed) assert.ok(isSqlstate(error, 'integrity_constraint_violation'), String(error));
  assert.deepEqual(await world.custom('ada'), { last: 23 });
  assert.deepEqual(await world.db.query(sql`select name from user_names`), [{ name: 'ada' }]);
});

test('if the connection of a group is killed before its commit, another does the work, once', async (t) => {
  const world = await start(t);
  await world.set('ada', { n: 0 });
  const release = await world.lock('ada');
  const event = { events: [{ external_id: 'ben', name: 'e', time: '2026-01-01' }] };
  const writing = Promise.all([
    world.set('ada', { n: { inc: 1 } }),
    world.groups.write(world.work(event)),
    world.groups.write(world.work(event)),
  ]);
  const killed = await world.waiting();
  await world.db.run(sql`select pg_terminate_backend(${killed})`);
  await release();
  await writing;
  assert.deepEqual(await world.custom('ada'), { n: 1 });
  assert.deepEqual(await world.db.query(sql`select count from activity_totals`), [{ count: 2 }]);
  assert.deepEqual(await world.db.query(sql`select count(*) as n from events`), [{ n: 2 }]);
});

test('a name that another program is making is waited for, and its person changed', async (t) => {
  const world = await start(t);
  const { db, work } = world;
  const made = Promise.withResolvers<void>();
  const isOver = Promise.withResolvers<void>();
  const { request, workspace } = work({
    attributes: [{ external_id: 'ada', a: 1, email: 'ada@example.test' }, { external_id: 'ben' }],
  });
  const other = db.byKey.transaction(async (tx) => {
    await applyTrack(tx, request, workspace, world.clock.now());
    made.resolve();
    await isOver.promise;
  });
  await made.promise;
  const written = world.groups.write(
    work({ attributes: [{ external_id: 'cleo' }, { external_id: 'ada', b: 2 }, { external_id: 'ben', b: 3 }] }),
  );
  await world.waiting();
  isOver.resolve();
  await Promise.all([other, written]);
  assert.deepEqual(await world.custom('ada'), { a: 1, b: 2 });
  assert.deepEqual(await world.custom('ben'), { b: 3 });
  assert.deepEqual(await Promise.all(['ada', 'ben', 'cleo'].map(world.count)), [1, 1, 1]);
});

test('a group that waits for a lock holds up only the people whom it touches', async (t) => {
  const world = await start(t);
  await world.set('ada', { n: 0 });
  const release = await world.lock('ada');
  const first = world.set('ada', { n: { inc: 1 } });
  await world.waiting();
  const second = world.set('ada', { n: 10 });
  const third = world.set('ada', { n: { inc: 5 } });
  const other = world.set('ben', { n: 1 });
  world.clock.advance(50);
  await other;
  assert.deepEqual(await world.custom('ben'), { n: 1 });
  assert.deepEqual(await world.custom('ada'), { n: 0 });
  // Somebody who came later, when no timer is left.
  await world.set('cleo', { n: 2 });
  await release();
  await Promise.all([first, second, third]);
  assert.deepEqual(await world.custom('ada'), { n: 15 });
});

test('when a whole group waits, it is written beside the one before', async (t) => {
  const world = await start(t);
  await world.set('ada', { n: 0 });
  const release = await world.lock('ada');
  const first = world.set('ada', { n: 1 });
  await world.waiting();
  const many = (from: number) =>
    world.groups.write(
      world.work({ attributes: Array.from({ length: 75 }, (_, n) => ({ external_id: `p${from + n}` })) }),
    );
  const written = [0, 75, 150, 225, 300, 375, 450].map(many);
  await Promise.all(written.slice(0, 6)); // the last is over 500 objects
  assert.deepEqual(await world.custom('ada'), { n: 0 });
  await release();
  await Promise.all([first, ...written]);
});

test('a request that names somebody by an address waits for the groups before it', async (t) => {
  const world = await start(t);
  await world.set('ada', { email: 'ada@example.test' });
  const release = await world.lock('ada');
  const first = world.set('ada', { email: 'new@example.test' });
  await world.waiting();
  const byAddress = world.groups.write(world.work({ attributes: [{ email: 'new@example.test', found: true }] }));
  const after = world.set('ben', { email: 'new@example.test' });
  world.clock.advance(60);
  await release();
  await Promise.all([first, byAddress, after]);
  assert.deepEqual(await world.custom('ada'), { found: true });
});

test('bulk requests wait while ordinary ones do, but not for ever', async (t) => {
  const world = await start(t);
  await world.set('ada', { n: 0 });
  const release = await world.lock('ada');
  const first = world.set('ada', { n: 1 });
  await world.waiting();
  const second = world.set('ada', { n: 2 });
  const bulk = world.bulk('cleo');
  world.clock.advance(60);
  await world.set('ben', {});
  assert.equal(await world.count('cleo'), 0);
  world.clock.advance(1_000);
  await bulk;
  assert.equal(await world.count('cleo'), 1);
  assert.deepEqual(await world.custom('ada'), { n: 0 });
  await release();
  await Promise.all([first, second]);
  assert.deepEqual(await world.custom('ada'), { n: 2 });
});

test('a group has at most 500 objects; a larger request is one by itself', async (t) => {
  const world = await start(t);
  const request = (name: string, objects: number) =>
    world.groups.writeBulk({
      ...world.work({}),
      request: {
        ...{ activities: [], problems: [], source: { door: 'api' } },
        attributes: Array.from({ length: objects }, (_, n) => ({
          index: n,
          object: {
            identifier: { kind: 'name' as const, name: { label: '', name: `${name}${n}` } },
            ...{ creates: true, profile: { columns: {}, extras: new Map() }, custom: new Map() },
            ...{ tokens: [], groups: [], remarks: [], ignored: [], blocked: [], slips: [] },
          },
        })),
      },
    });
  await Promise.all([request('a', 300), request('b', 200), request('c', 1), request('d', 700), request('e', 2)]);
  const sizes = await world.db.query<{ n: number }>(sql`
    select count(*) as n from profiles group by xmin::text order by min(user_id)`);
  assert.deepEqual(
    sizes.map(({ n }) => n),
    [500, 1, 700, 2],
  );
});
