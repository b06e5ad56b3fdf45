// A backup that is made while a broadcast goes out, and restored elsewhere: the books balance, and nobody gets a second
// message unless an operator says so.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import test from 'node:test';
import { untilTrue } from '../rig/waiting.ts';
import { makeBackup } from '../src/backup/make-backup.ts';
import { restoreBackup } from '../src/backup/restore-backup.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { temporaryFolder } from './support/command-line.ts';
import { filledDatabase } from './support/database.ts';
import { givenPopulation } from './support/population.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const PEOPLE = 3_000;
const EVERYBODY = '11111111-1111-4111-8111-111111111111';

async function statusesOf(app: TestApp, dispatchId: string): Promise<Map<string, string>> {
  const rows = await app.db.query<{ person: string; status: string }>(sql`
    select p.external_id as person, s.status::text as status
      from sends s
      join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
     where s.dispatch_id = ${dispatchId}`);
  return new Map(rows.map(({ person, status }) => [person, status]));
}

function namesWith(statuses: ReadonlyMap<string, string>, ...wanted: string[]): string[] {
  return [...statuses].flatMap(([person, status]) => (wanted.includes(status) ? [person] : [])).sort();
}

test('a backup during a broadcast, restored elsewhere, sends nothing again that nobody asked for, and its books balance', async (t) => {
  const sink = await startWebhookSink(t);
  const workspace = `segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]\nwebhook: { deliver: true, allow: ["${sink.host}"] }`;
  const original = await startTestApp(t);
  await original.givenWorkspace(workspace);
  await givenPopulation(original.db, { workspaceId: original.workspaceId, count: PEOPLE });
  const webhook = { url: sink.url, request_method: 'POST', body: 'x' };
  // A few answers are late, so that some messages are in hand whenever the backup begins.
  const release = sink.holdAfter(200, 20);
  const { body: sent } = await original.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY, messages: { webhook } },
  });
  const { body: later } = await original.post('/messages/schedule/create', {
    ...{ broadcast: true, segment_id: EVERYBODY, messages: { webhook } },
    schedule: { time: new Date(original.clock.now().getTime() + 3_600_000).toISOString() },
  });
  await sink.until(() => sink.total() > 220);
  await untilTrue('the first answers to be recorded', 30_000, async () => {
    const statuses = await statusesOf(original, sent.dispatch_id);
    return namesWith(statuses, 'sent').length > 0;
  });
  const path = join(temporaryFolder(t), 'during.backup');
  const made = await makeBackup(original.databaseUrl, path, { replaces: false });
  const goneAtItsEnd = sink.total();
  release();
  await original.drain();
  assert.equal(sink.total(), PEOPLE, 'the original went on, and everybody has their message');

  const now = original.clock.now();
  const database = await filledDatabase(t, async (url) => {
    const { paused, rows } = await restoreBackup(url, path, { now });
    assert.equal(paused.dispatches, 2);
    assert.equal(rows, made.rows);
  });
  const restored = await startTestApp(t, { database, startsAt: now });
  const atBackup = await statusesOf(restored, sent.dispatch_id);
  const pending = namesWith(atBackup, 'pending');
  const [done, doubtful] = [namesWith(atBackup, 'sent').length, namesWith(atBackup, 'unknown').length];
  t.diagnostic(
    `of ${PEOPLE}, ${done} were sent, ${doubtful} in hand, ${pending.length} pending; ${goneAtItsEnd} at its end`,
  );
  assert.ok(done > 0 && doubtful > 0, 'the backup was made while they went out');
  assert.ok(done < PEOPLE);

  await restored.drain();
  restored.clock.advance(2 * 3_600_000);
  await restored.drain();
  assert.equal(sink.total(), PEOPLE, 'neither the broadcast nor the schedule went out again');
  const dispatch = (await restored.get(`/dispatches/${sent.dispatch_id}`)).body;
  assert.equal(dispatch.state, 'paused');
  assert.match(
    dispatch.failure,
    /^restored from a backup of 20\d\d-.*: what was pending then may have been sent since; resume/,
  );
  const { problems } = (await restored.get('/status')).body;
  assert.ok(
    problems.some((one: string) =>
      /^2 dispatches are paused since this database was restored \(at least \d+ people; GET/.test(one),
    ),
    problems.join('\n'),
  );

  const fresh = await restored.post('/messages/send', { external_user_ids: ['p1'], messages: { webhook } });
  assert.equal(fresh.status, 201);
  await restored.drain();
  assert.equal(sink.total(), PEOPLE + 1, 'what is new is sent at once');

  const before = new Map(sink.received);
  assert.equal((await restored.post(`/dispatches/${sent.dispatch_id}/resume`, {})).status, 201);
  await restored.drain();
  const again = [...sink.received].filter(([who, count]) => count !== before.get(who)).map(([who]) => who);
  assert.ok(again.length >= pending.length, 'those who had no row yet get one, too');
  for (const who of pending) assert.ok(again.includes(who), who);
  assert.equal(sink.total(), PEOPLE + 1 + again.length, 'each of them once');
  const after = await statusesOf(restored, sent.dispatch_id);
  assert.equal(after.size, PEOPLE);
  assert.deepEqual(
    [namesWith(after, 'sent').length, namesWith(after, 'unknown').length],
    [PEOPLE - doubtful, doubtful],
  );
  const { body: finished } = await restored.get(`/dispatches/${sent.dispatch_id}`);
  assert.equal(finished.state, 'finished');
  assert.deepEqual(finished.channels.webhook, {
    ...finished.channels.webhook,
    sent: PEOPLE - doubtful,
    unknown: doubtful,
  });
  assert.equal(
    (await restored.get('/status')).body.problems.filter((one: string) =>
      one.startsWith('1 dispatch is paused since this database was restored (GET /dispatches'),
    ).length,
    1,
  );

  const order = { schedule_id: later.schedule_id };
  assert.equal((await restored.post('/messages/schedule/delete', order)).status, 201);
  assert.equal((await restored.get('/status')).body.problems.length, 0);
  const left = await restored.db.query(sql`
    select t.kind, t.bucket, t.run_at, t.tries, t.leased_until, d.id = ${sent.dispatch_id} as is_broadcast, d.state, d.failure
      from tasks t join dispatches d on d.id = t.dispatch_id`);
  assert.deepEqual(left, []);
  await restored.post('/users/track', { attributes: [{ external_id: randomUUID() }] });
  const ids = await restored.db.query<{ id: number }>(sql`select max(user_id) as id from profiles`);
  assert.ok((ids[0]?.id ?? 0) > 10_000_000, 'new people get ids that the original cannot have drawn meanwhile');
});
