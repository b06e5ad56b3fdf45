// What a chunk writes in one statement must be what its sends would get one by one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { testDatabase } from '../../../test/support/database.ts';
import { connect, type Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { dashed, v7 } from '../../lib/uuid.ts';
import { decideSends } from './decide-sends.ts';
import { insertSends } from './new-sends.ts';
import type { PendingSend } from './send.ts';
import { inRuns } from './send-columns.ts';
import { writeVerdicts } from './write-verdicts.ts';

const now = new Date('2026-03-15T12:00:00Z');
const mine = randomUUID();
const theirs = randomUUID();

/** Somebody of a chunk. `other`: why nothing may be written. */
interface Somebody {
  bucket: number;
  task: number;
  address: string | null;
  messageId: string | null;
  detail: string | null;
  extras: boolean;
  other: 'no row' | 'cancelled' | null;
}

const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }), { freq: 3 });
const somebody: fc.Arbitrary<Somebody> = fc.record({
  bucket: fc.integer({ min: 0, max: 3 }),
  task: fc.integer({ min: 0, max: 2 }),
  address: text,
  messageId: text,
  detail: text,
  extras: fc.boolean(),
  other: fc.oneof(
    { weight: 8, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant('no row' as const) },
    { weight: 1, arbitrary: fc.constant('cancelled' as const) },
  ),
});

/** Adds three tasks: one that the worker holds, one of another worker, and one whose dispatch was stopped. */
async function givenTasks(db: Db, dispatchId: string): Promise<number[]> {
  const rows = await db.query<{ id: number }>(sql`
    insert into tasks (dispatch_id, workspace_id, lane, kind, run_at, worker)
    select ${dispatchId}, 1, 1, kind, ${now}, worker
      from unnest(${['drain', 'drain', 'revive']}::text[], ${[mine, theirs, mine]}::uuid[]) as t(kind, worker)
    returning id`);
  return rows.map(({ id }) => id).sort((one, other) => one - other);
}

async function givenSends(db: Db, dispatchId: string, people: readonly Somebody[]): Promise<void> {
  const having = people.flatMap(({ bucket, other }, at) => (other === 'no row' ? [] : [{ bucket, userId: at + 1 }]));
  await db.run(
    insertSends(sql`
      select bucket, ${dispatchId}::uuid, user_id, 'sms', ${now}::timestamptz
        from unnest(${having.map(({ bucket }) => bucket)}::integer[], ${having.map(({ userId }) => userId)}::bigint[])
             as p(bucket, user_id)`),
  );
  const cancelled = people.flatMap(({ other }, at) => (other === 'cancelled' ? [at + 1] : []));
  await db.run(sql`
    update sends set status = 'cancelled' where dispatch_id = ${dispatchId} and user_id = any(${cancelled}::bigint[])`);
}

const rowsOf = (db: Db, dispatchId: string) =>
  db.query(sql`
    select user_id, status, attempts, address, task_id, extras, provider_message_id, detail
      from sends where dispatch_id = ${dispatchId} order by user_id`);

test('a chunk of any buckets, tasks and order is marked and recorded as each of its sends would be', async (t) => {
  const { db } = await testDatabase(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(somebody, { minLength: 1, maxLength: 40 }),
      fc.infiniteStream(fc.nat()),
      async (people, order) => {
        const dispatchId = dashed(v7(now));
        const tasks = await givenTasks(db, dispatchId);
        await givenSends(db, dispatchId, people);
        const chunk = people
          .map((one, at) => ({ one, place: order.next().value ?? 0, send: sendOf(one, at + 1) }))
          .sort((one, other) => one.place - other.place);
        const decided = chunk.map(({ one, send }) => ({
          send,
          verdict: {
            status: 'sending' as const,
            address: one.address,
            ...(one.extras && { extras: { of: String(send.userId) } }),
          },
        }));
        const begun = await decideSends(db.byKey, { worker: mine, now, decided });
        const isBegun = ({ task, other }: Somebody) => task === 0 && other === null;
        const expected = chunk.filter(({ one }) => isBegun(one));
        assert.deepEqual(
          begun.map(({ send }) => send.userId),
          expected.map(({ send }) => send.userId),
        );
        const results = chunk.map(({ one, send }) => ({
          send,
          verdict: { status: 'sent' as const, providerMessageId: one.messageId, detail: one.detail },
        }));
        const recorded = await writeVerdicts(db.byKey, results, now);
        assert.deepEqual(
          recorded.map(({ send }) => send.userId),
          expected.map(({ send }) => send.userId),
        );
        assert.deepEqual(await rowsOf(db, dispatchId), people.flatMap(rowOf));

        function sendOf({ bucket, task }: Somebody, userId: number): PendingSend {
          return { bucket, dispatchId, userId, channel: 'sms', taskId: tasks[task] ?? 0, attempts: 0 };
        }

        function rowOf(one: Somebody, at: number): object[] {
          const untouched = {
            user_id: at + 1,
            status: one.other ?? 'pending',
            attempts: 0,
            address: null,
            task_id: null,
          };
          if (one.other === 'no row') return [];
          if (!isBegun(one)) return [{ ...untouched, extras: null, provider_message_id: null, detail: null }];
          const { address, messageId, detail, extras } = one;
          const written = { status: 'sent', attempts: 1, address, task_id: tasks[0], provider_message_id: messageId };
          return [{ ...untouched, ...written, detail, extras: extras ? { of: String(at + 1) } : null }];
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a chunk in order is cut into one run for each bucket and task, and any other is put in order first', () => {
  const change = (bucket: number, taskId: number, userId: number) => ({
    send: { bucket, taskId, userId, dispatchId: '', channel: 'sms' as const, attempts: 0 },
    verdict: { status: 'sent' as const },
  });
  const inOrder = [change(1, 7, 3), change(1, 7, 9), change(1, 8, 2), change(2, 7, 1)];
  const arrays = { buckets: '{1,1,2}', taskIds: '{7,8,7}', firsts: '{1,3,4}', lasts: '{2,3,4}' };
  assert.deepEqual(inRuns(inOrder), { changes: inOrder, ...arrays });
  assert.deepEqual(inRuns(inOrder.toReversed()), { changes: inOrder, ...arrays });
  assert.deepEqual(inRuns([]), { changes: [], buckets: '{}', taskIds: '{}', firsts: '{}', lasts: '{}' });
});

const CHUNK = 200;
const PER_BUCKET = 3_000;

test('plans that were made while there were no sends read the people of a chunk, and not of the bucket', async (t) => {
  const { db: own, url, beforeClose } = await testDatabase(t);
  const db = connect({ url, max: 1 });
  beforeClose(() => db.close());
  const dispatchId = dashed(v7(now));
  const [taskId = 0] = await givenTasks(own, dispatchId);
  const changesFrom = (bucket: number, first: number) =>
    Array.from({ length: CHUNK }, (_, at) => ({
      send: { bucket, dispatchId, userId: (first + at) * 2 + bucket, channel: 'sms' as const, taskId, attempts: 0 },
      verdict: { status: 'sending' as const, providerMessageId: 'SM1' },
    }));
  const recorded = async (changes: ReturnType<typeof changesFrom>) => {
    const begun = await decideSends(db.byKey, { worker: mine, now, decided: changes });
    const results = changes.map((one) => ({ ...one, verdict: { ...one.verdict, status: 'sent' as const } }));
    return [begun.length, (await writeVerdicts(db.byKey, results, now)).length];
  };
  assert.deepEqual(await recorded(changesFrom(0, 0)), [0, 0]);
  await own.run(
    insertSends(sql`
      select n % 2, ${dispatchId}::uuid, n, 'sms', ${now}::timestamptz
        from generate_series(0, ${2 * PER_BUCKET - 1}::integer) as n`),
  );
  for (const bucket of [0, 1])
    for (let first = 0; first < PER_BUCKET; first += CHUNK)
      assert.deepEqual(await recorded(changesFrom(bucket, first)), [CHUNK, CHUNK]);
  await db.byKey.query(sql`select pg_stat_force_next_flush()`);
  const { read } = await own.one<{ read: number }>(sql`
    select sum(idx_tup_read)::integer as read from pg_stat_user_indexes where relname like 'sends%'`);
  const written = 2 * 2 * PER_BUCKET;
  assert.ok(read >= written && read <= 3 * written, `${read} entries were read for ${written} changes`);
});
