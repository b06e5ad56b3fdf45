import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { testDatabase } from '../../test/support/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import type { FeedbackEvent } from './event.ts';
import { createIntake, type Intake } from './intake.ts';

const clock = new TestClock();

function event(eventId: string, more: Partial<FeedbackEvent> = {}): FeedbackEvent {
  return {
    ...{ eventId, kind: 'delivered', occurredAt: clock.now(), provider: 'acme', channel: 'sms', send: null },
    ...{ providerMessageId: null, address: null, code: null, text: null, detail: {} },
    ...more,
  };
}

async function start(t: Parameters<typeof testDatabase>[0]) {
  const { db, workspaceId } = await testDatabase(t);
  let woken = 0;
  const onTaken = () => {
    woken += 1;
  };
  const intake: Intake = createIntake({ db, clock, onTaken });
  return { db, intake, workspaceId, woken: () => woken };
}

test('a flood of calls shares a few commits, and each call learns what of it is new', async (t) => {
  const { db, intake, workspaceId } = await start(t);
  const calls = Array.from({ length: 2_000 }, (_, n) => intake.take(workspaceId, [event(`e${n % 1_500}`)]));
  const taken = await Promise.all(calls);
  assert.equal(
    taken.reduce((sum, one) => sum + one.taken, 0),
    1_500,
  );
  assert.equal(
    taken.reduce((sum, one) => sum + one.repeated, 0),
    500,
  );
  const { commits } = await db.one<{ commits: number }>(sql`
    select count(distinct xmin::text) as commits from feedback_events`);
  assert.ok(commits <= 3, `${commits} commits`);
});

test('a repetition is recognised by workspace, provider and id, on each of the eight days after', async (t) => {
  const { intake, workspaceId } = await start(t);
  const occurredAt = clock.now();
  assert.deepEqual(await intake.take(workspaceId, [event('a'), event('a'), event('b')]), { taken: 2, repeated: 1 });
  for (let days = 1; days < 8; days += 1) {
    clock.advance(86_400_000);
    assert.deepEqual(await intake.take(workspaceId, [event('a', { occurredAt })]), { taken: 0, repeated: 1 });
  }
  assert.equal((await intake.take(workspaceId, [event('a', { occurredAt, provider: 'other' })])).taken, 1);
  assert.equal((await intake.take(workspaceId + 1, [event('a', { occurredAt })])).taken, 1);
});

test('nobody is woken by repetitions, or by nothing', async (t) => {
  const { intake, workspaceId, woken } = await start(t);
  await intake.take(workspaceId, []);
  assert.equal(woken(), 0);
  await intake.take(workspaceId, [event('a')]);
  await intake.take(workspaceId, [event('a')]);
  assert.equal(woken(), 1);
});

test('more than can wait is refused with 503, and what was taken before is stored', async (t) => {
  const { db, intake, workspaceId } = await start(t);
  const detail = { text: 'x'.repeat(8_000) };
  const calls = Array.from({ length: 50 }, (_, call) =>
    intake.take(
      workspaceId,
      Array.from({ length: 200 }, (_, n) => event(`${call}/${n}`, { detail })),
    ),
  );
  const ends = await Promise.allSettled(calls);
  const refused = ends.filter((end) => end.status === 'rejected').map(({ reason }) => reason);
  assert.ok(refused.length > 0 && refused.length < 50, `${refused.length}`);
  assert.ok(refused.every((error) => error instanceof RequestError && error.code === 'queue_full'));
  const { stored } = await db.one<{ stored: number }>(sql`select count(*) as stored from feedback_events`);
  assert.equal(stored, 200 * (50 - refused.length));
});
