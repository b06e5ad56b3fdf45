// Broadcasts: who is in them, how they are written in pieces, and one message for each address.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const GROUP = '22222222-2222-4222-8222-222222222222';
const webhook = { url: 'https://example.com/', request_method: 'POST' };
const email = { app_id: APP, from: 'a@acme.test', subject: 's', body: 'b' };
const sms = { app_id: APP, subscription_group_id: GROUP, body: 'hi' };
const workspace = `
apps: [{ id: ${APP}, name: iOS, platform: ios }]
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
subscription_groups: [{ id: ${GROUP}, name: Alerts, channel: sms }]`;

async function startWorld(t: TestContext, options: Parameters<typeof startTestApp>[1] = {}): Promise<TestApp> {
  const app = await startTestApp(t, options);
  await app.givenWorkspace(workspace);
  return app;
}

async function broadcast(app: TestApp, messages: object, more: object = { segment_id: EVERYBODY }): Promise<string> {
  const { status, body } = await app.post('/messages/send', { broadcast: true, messages, ...more });
  assert.equal(status, 201, JSON.stringify(body));
  return body.dispatch_id;
}

const verdicts = async (app: TestApp, id: string): Promise<string[]> =>
  (await app.get(`/dispatches/${id}/recipients?limit=1000`)).body.recipients
    .map((one: Record<string, string>) => `${one.external_id} ${one.reason ?? one.status}`)
    .sort();

const attribute = (custom_attribute_name: string, value: unknown) => ({
  audience: { custom_attribute: { custom_attribute_name, comparison: 'equals', value } },
});

for (const [what, more, expected] of [
  ['everybody', { segment_id: EVERYBODY }, 4_000],
  ['every second one', attribute('plan', 'pro'), 2_000],
  ['one in a thousand', attribute('rare', true), 4],
  ['nobody', attribute('plan', 'none'), 0],
] as const) {
  test(`a broadcast to ${what} of 4,000 reaches everybody once`, async (t) => {
    const app = await startWorld(t);
    await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 4_000 });
    const id = await broadcast(app, { webhook }, more);
    await app.drain();
    const { body } = await app.get(`/dispatches/${id}`);
    assert.equal(body.state, 'finished');
    assert.deepEqual([body.counts.targeted, body.counts.recipients], [expected, expected]);
    assert.equal(body.channels.webhook?.sent ?? 0, expected);
    const { messages, tasks } = await app.db.one<{ messages: number; tasks: number }>(sql`
      select (select count(*) from sandbox_messages) as messages, (select count(*) from tasks) as tasks`);
    assert.deepEqual([messages, tasks], [expected, 0]);
  });
}

test('a person who is created after a broadcast has begun is not in it, even if its audience is not read to the end', async (t) => {
  const app = await startWorld(t, { worker: false });
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 3_000 });
  const id = await broadcast(app, { webhook });
  await app.db.run(sql`
    update dispatches set audience_end = (select max(user_id) from profiles), state = 'sending', targeted = 0
     where id = ${id}`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 500, first: 3_001 });
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  assert.equal((await app.get(`/dispatches/${id}`)).body.counts.targeted, 3_000);
});

test('each address gets one mail: the lowest user id gets it, whatever the case of the address and in whichever piece', async (t) => {
  const app = await startWorld(t);
  // p1 to p4500: every address occurs three times, 1,500 ids apart, the last ones in another piece.
  await givenPopulation(app.db, {
    workspaceId: app.workspaceId,
    count: 4_500,
    email: sql`case when n > 3000 then upper('shared' || n % 1500 || '@example.test')
                    else 'shared' || n % 1500 || '@example.test' end`,
  });
  const another = await app.startAnotherWorker();
  const id = await broadcast(app, { email });
  for (let open = 1; open > 0; ) {
    await app.drain();
    await another.worker?.idle();
    app.clock.advance(1_000);
    ({ open } = await app.db.one<{ open: number }>(sql`select count(*) as open from tasks`));
  }
  const { body } = await app.get(`/dispatches/${id}`);
  assert.equal(body.state, 'finished');
  assert.deepEqual(body.channels.email, {
    recipients: 4_500,
    attempts: 1_500,
    attempts_failed: 0,
    attempts_in_flight: 0,
    sent: 1_500,
    duplicate_address: 3_000,
  });
  const { holders, addresses } = await app.db.one<{ holders: number; addresses: number }>(sql`
    select count(*) filter (where p.external_id = any(select 'p' || n from generate_series(1, 1500) as n)) as holders,
           count(distinct lower(m.address)) as addresses
      from sandbox_messages m
      join profiles p on p.bucket = m.bucket and p.user_id = m.user_id`);
  assert.deepEqual([holders, addresses], [1_500, 1_500]);
});

test('named people who share an address all get their mails', async (t) => {
  const app = await startWorld(t);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 2, email: sql`'one@example.test'` });
  const { body } = await app.post('/messages/send', { external_user_ids: ['p1', 'p2'], messages: { email } });
  await app.drain();
  assert.deepEqual(await verdicts(app, body.dispatch_id), ['p1 sent', 'p2 sent']);
});

for (const { what, people, message, expected } of [
  {
    what: 'an address that is unusable is so for all who have it',
    people: [{ hard_bounced: true }, {}],
    message: { email },
    expected: ['p1 hard_bounced', 'p2 hard_bounced'],
  },
  {
    what: 'who has refused is passed over, and keeps that reason',
    people: [{ unsubscribed: true }, {}, {}],
    message: { email },
    expected: ['p1 unsubscribed', 'p2 sent', 'p3 duplicate_address'],
  },
  {
    what: 'where nobody may be sent to, the lowest has the reason',
    people: [{ unsubscribed: true }, { unsubscribed: true }],
    message: { email },
    expected: ['p1 unsubscribed', 'p2 duplicate_address'],
  },
  {
    what: 'a phone number goes to the one who joined the group',
    people: [{ member: false }, { member: true }, { member: true }],
    message: { sms },
    expected: ['p1 not_in_subscription_group', 'p2 sent', 'p3 duplicate_address'],
  },
  {
    what: 'who is not in the audience takes nobody’s turn',
    people: [{ outside: true }, {}],
    message: { email },
    expected: ['p2 sent'],
  },
]) {
  test(`each address gets one message: ${what}`, async (t) => {
    const app = await startWorld(t);
    const { db, workspaceId } = app;
    await givenPopulation(db, { workspaceId, count: people.length, email: sql`'one@example.test'` });
    await db.run(sql`update profiles set phone = '+15550100', custom = '{"in": true}'`);
    for (const [index, person] of people.entries()) {
      const who = sql`external_id = ${`p${index + 1}`}`;
      const { hard_bounced, unsubscribed, member, outside }: Record<string, boolean | undefined> = person;
      if (unsubscribed) await db.run(sql`update profiles set email_state = 'unsubscribed' where ${who}`);
      if (outside) await db.run(sql`update profiles set custom = '{}' where ${who}`);
      if (member)
        await db.run(sql`
          insert into subscription_states (bucket, user_id, group_id, state)
          select bucket, user_id, ${GROUP}, 'subscribed' from profiles where ${who}`);
      if (hard_bounced)
        await db.run(sql`
          insert into addresses (workspace_id, kind, address, hard_bounced_at)
          values (${workspaceId}, 'email', 'one@example.test', now())`);
    }
    const id = await broadcast(app, message, attribute('in', true));
    await app.drain();
    assert.deepEqual(await verdicts(app, id), expected);
  });
}

test("if the person who gets the address's message is capped, nobody else gets it", async (t) => {
  const app = await startWorld(t);
  await app.givenWorkspace('frequency_caps: [{ channel: email, max_sends: 1, period_count: 1, period_unit: days }]');
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 2, email: sql`'one@example.test'` });
  await app.post('/messages/send', { external_user_ids: ['p1'], messages: { email } });
  await app.drain();
  const id = await broadcast(app, { email });
  await app.drain();
  assert.deepEqual(await verdicts(app, id), ['p1 frequency_capped', 'p2 duplicate_address']);
});

test('no address gets two messages if a person changes address while a broadcast runs', async (t) => {
  const app = await startWorld(t, { worker: false });
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 3, email: sql`'one@example.test'` });
  const id = await broadcast(app, { email });
  // p1 has claimed the address in an earlier chunk, and has another one now.
  await app.db.run(sql`
    insert into address_claims (dispatch_id, channel, address, user_id)
    select ${id}, 'email', 'one@example.test', user_id from profiles where external_id = 'p1'`);
  await app.db.run(sql`update profiles set email = 'new@example.test' where external_id = 'p1'`);
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  assert.deepEqual(await verdicts(app, id), ['p1 sent', 'p2 duplicate_address', 'p3 duplicate_address']);
  const { body } = await app.get(`/dispatches/${id}/recipients?reason=duplicate_address`);
  const details = new Set(body.recipients.map(({ detail }: { detail: string | null }) => detail));
  assert.deepEqual([...details], ['the message to this address is that of external_id "p1"']);
});

test('the workers of all processes are told when a broadcast has people to send to', async (t) => {
  const app = await startWorld(t);
  const notices: string[] = [];
  const end = Promise.withResolvers<void>();
  const listener = await app.db.listen('tasks', (lane) => {
    notices.push(lane);
    if (lane === 'end of the test') end.resolve();
  });
  t.after(() => listener.stop());
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 4_000 });
  await broadcast(app, { webhook });
  await app.drain();
  await app.db.run(sql`select pg_notify('tasks', 'end of the test')`);
  await end.promise;
  const [accepted, ...written] = notices.slice(0, -1);
  assert.equal(accepted, '1');
  assert.ok(written.length > 0, 'only whoever wrote the people down knew of them');
  assert.deepEqual([...new Set(written)], ['1']);
});
