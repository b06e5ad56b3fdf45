import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { testDatabase } from '../../../test/support/database.ts';
import { sql } from '../../db/sql.ts';
import { CallTimes, KEEP_MS } from '../../lib/limits/call-times.ts';
import { forgetQuotas, intervalMsOf, type Quota, reserveCalls } from './call-quotas.ts';

const start = Date.parse('2026-03-15T12:00:00Z');
const quotaOf = (perMinute: number): Quota => ({ key: randomUUID(), perMinute });

test('a reservation begins where the one before ends, and after a rest one second of calls may be made up for', async (t) => {
  const { db } = await testDatabase(t);
  const quota = quotaOf(600);
  const reserve = (calls: number, nowMs: number, reachMs = 500) =>
    reserveCalls(db, { quota, calls, nowMs: start + nowMs, reachMs });
  assert.deepEqual(await reserve(8, 0), { beginsMs: start - 900, calls: 8 });
  assert.deepEqual(await reserve(5, 0), { beginsMs: start - 100, calls: 5 });
  assert.deepEqual(await reserve(3, 0), { beginsMs: start + 400, calls: 3 });
  assert.deepEqual(await reserve(1, 0), { beginsMs: start + 700, calls: 0 }, 'too far ahead');
  assert.deepEqual(await reserve(2, 0, 1_100), { beginsMs: start + 700, calls: 2 }, 'not for who reaches further');
  assert.deepEqual(await reserve(1, 400), { beginsMs: start + 900, calls: 1 });
  assert.deepEqual(await reserve(1, 60_000), { beginsMs: start + 59_100, calls: 1 });
});

test('a reservation by a clock that was an hour fast is forgotten', async (t) => {
  const { db } = await testDatabase(t);
  const quota = quotaOf(60);
  const reserve = (nowMs: number) => reserveCalls(db, { quota, calls: 1, nowMs: start + nowMs, reachMs: 500 });
  await reserve(3_600_000);
  assert.deepEqual(await reserve(0), { beginsMs: start, calls: 1 });
  assert.deepEqual(await reserve(0), { beginsMs: start + 1_000, calls: 0 });
});

test('a quota that nobody has used since is forgotten', async (t) => {
  const { db } = await testDatabase(t);
  const quotas = [quotaOf(600), quotaOf(600)];
  const left = () => db.one<{ count: number }>(sql`select count(*) as count from call_quotas`);
  for (const [hours, quota] of quotas.entries())
    await reserveCalls(db, { quota, calls: 1, nowMs: start + hours * 3_600_000, reachMs: 500 });
  await forgetQuotas(db, new Date(start + 1_800_000));
  assert.deepEqual(await left(), { count: 1 });
});

/** The steps: time passes, one party reserves calls, or one party makes all the calls that it may. */
const parties = 4;
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ passMs: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 3, arbitrary: fc.record({ asks: fc.nat(parties - 1), calls: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ makes: fc.nat(parties - 1) }) },
);

test('whatever is reserved, no window of time has more calls than the quota and what may be made up for', async (t) => {
  const { db } = await testDatabase(t);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(60, 600, 6_000), fc.array(step, { maxLength: 60 }), async (perMinute, steps) => {
      const quota = quotaOf(perMinute);
      const intervalMs = intervalMsOf(quota);
      // The last party calls early, as calls to named people are.
      const reachOf = (party: number) => (party === parties - 1 ? 1_000 + intervalMs : 500);
      const times = Array.from({ length: parties }, (_, n) => new CallTimes(intervalMs, n === parties - 1));
      const made: number[] = [];
      let nowMs = start;
      for (const one of steps) {
        if ('passMs' in one) nowMs += one.passMs;
        else if ('makes' in one) while (times[one.makes]?.take(nowMs)) made.push(nowMs);
        else {
          const calls = Math.min(one.calls, Math.max(1, Math.floor(250 / intervalMs)));
          const got = await reserveCalls(db, { quota, calls, nowMs, reachMs: reachOf(one.asks) });
          times[one.asks]?.add(got.beginsMs, got.calls);
        }
      }
      const aheadMs = reachOf(parties - 1) + 250;
      for (const [first, from] of made.entries())
        for (const [last, to] of made.entries()) {
          const most = 1 + (to - from + KEEP_MS + aheadMs) / intervalMs;
          assert.ok(last - first + 1 <= most + 1e-3, `${last - first + 1} calls within ${to - from} ms`);
        }
    }),
    { numRuns: 60 },
  );
});
