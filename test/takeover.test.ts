// A worker that has died: its lease expires, and another worker takes over its tasks.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { LEASE_MS } from '../src/queue/tasks.ts';
import { sessionNameOf } from '../src/queue/workers.ts';
import { startTestApp } from './support/app.ts';

const webhook = { url: 'https://example.com/', request_method: 'POST' };

for (const [delivery, expected] of [
  ['at_least_once', ['ada sent', 'bob sent', 'cid sent']],
  ['at_most_once', ['ada unknown', 'bob sent', 'cid sent']],
] as const) {
  test(`${delivery}: a send under way when its worker died`, async (t) => {
    const app = await startTestApp(t, { worker: false });
    const names = ['ada', 'bob', 'cid'];
    await app.post('/users/track', { attributes: names.map((external_id) => ({ external_id })) });
    const { body } = await app.post('/messages/send', {
      external_user_ids: names,
      messages: { webhook },
      cresset: { delivery },
    });
    // The worker had expanded the dispatch, sent to bob and recorded it, was sending to ada, and had not begun cid.
    const leasedUntil = new Date(app.clock.now().getTime() + 30_000);
    await app.db.run(sql`
      insert into sends (bucket, dispatch_id, user_id, channel, status, attempts, updated_at)
      select bucket, ${body.dispatch_id}, user_id, 'webhook',
             case external_id when 'ada' then 'sending' when 'bob' then 'sent' else 'pending' end::send_status, 1, now()
        from profiles`);
    await app.db.run(sql`update dispatches set state = 'sending', targeted = 3 where id = ${body.dispatch_id}`);
    await app.db.run(sql`update tasks set tries = 1, worker = ${randomUUID()}, leased_until = ${leasedUntil}`);

    const { worker } = await app.startAnotherWorker();
    await worker?.idle();
    const states = async () =>
      (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients
        .map(({ external_id, status }: Record<string, string>) => `${external_id} ${status}`)
        .sort();
    assert.deepEqual(await states(), ['ada sending', 'bob sent', 'cid pending'], 'a lease is respected while it lasts');
    app.clock.advance(31_000);
    await worker?.idle();
    assert.deepEqual(await states(), expected);
    assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.state, 'finished');
    const outbox = await app.get('/sandbox/messages');
    assert.equal(outbox.body.messages.length, delivery === 'at_least_once' ? 2 : 1, 'bob is not sent again');
    const again = await app.get(`/dispatches/${body.dispatch_id}/recipients?min_attempts=2`);
    const tried = again.body.recipients.map((one: Record<string, string>) => one.external_id).sort();
    assert.deepEqual(tried, delivery === 'at_least_once' ? ['ada', 'cid'] : ['cid'], 'who was tried again');
  });
}

test('a slow worker keeps its tasks; those of a dead worker are taken over within ten seconds', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  const holder = randomUUID();
  const session = await app.db.listen('tasks', () => undefined, sessionNameOf(holder));
  const leasedUntil = new Date(app.clock.now().getTime() + LEASE_MS);
  await app.db.run(sql`update tasks set tries = 1, worker = ${holder}, leased_until = ${leasedUntil}`);
  const { worker } = await app.startAnotherWorker();
  const isHeld = async () => {
    await worker?.idle();
    const [task] = await app.db.query<{ worker: string }>(sql`select worker from tasks`);
    return task?.worker === holder;
  };

  app.clock.advance(20_000);
  assert.equal(await isHeld(), true, 'it lives: nobody takes what it holds');
  await session.stop();
  for (let sessions = 1; sessions > 0; )
    ({ sessions } = await app.db.one<{ sessions: number }>(sql`
      select count(*) as sessions from pg_stat_activity where application_name = ${sessionNameOf(holder)}`));
  app.clock.advance(10_000 - LEASE_MS);
  assert.equal(await isHeld(), false, 'it is dead: what it held is free as soon as its lease has run out');
});

test('the tasks of a worker that never shows that it is alive are taken over, whatever its session says', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  const holder = randomUUID();
  const session = await app.db.listen('tasks', () => undefined, sessionNameOf(holder));
  await app.db.run(sql`update tasks set tries = 1, worker = ${holder}, leased_until = ${app.clock.now()}`);
  const { worker } = await app.startAnotherWorker();
  app.clock.advance(31_000);
  await worker?.idle();
  assert.deepEqual(await app.db.query(sql`select id from tasks`), []);
  await session.stop();
});

test('two workers share the work and nobody gets two messages', async (t) => {
  const app = await startTestApp(t);
  const another = await app.startAnotherWorker();
  const names = Array.from({ length: 60 }, (_, index) => `p${index}`);
  await app.post('/users/track', { attributes: names.map((external_id) => ({ external_id })) });
  await Promise.all(
    names.map((name) => app.post('/messages/send', { external_user_ids: [name], messages: { webhook } })),
  );
  for (let open = 1; open > 0; ) {
    await app.drain();
    await another.worker?.idle();
    ({ open } = await app.db.one<{ open: number }>(sql`select count(*) as open from tasks`));
  }
  const { sent, attempts } = await app.db.one<{ sent: number; attempts: number }>(sql`
    select count(*) filter (where status = 'sent') as sent, sum(attempts) as attempts from sends`);
  assert.deepEqual([sent, attempts], [60, 60]);
});

for (const [verb, delivery, expected] of [
  ['cancel', 'at_least_once', ['ada unknown', 'bob cancelled']],
  ['pause', 'at_least_once', ['ada pending', 'bob pending']],
  ['pause', 'at_most_once', ['ada unknown', 'bob pending']],
] as const) {
  test(`${verb}, ${delivery}: a send under way when its worker died and its dispatch was stopped`, async (t) => {
    const app = await startTestApp(t, { worker: false });
    await app.post('/users/track', { attributes: ['ada', 'bob'].map((external_id) => ({ external_id })) });
    const { body } = await app.post('/messages/send', {
      external_user_ids: ['ada', 'bob'],
      messages: { webhook },
      cresset: { delivery },
    });
    const leasedUntil = new Date(app.clock.now().getTime() + 30_000);
    await app.db.run(sql`
      insert into sends (bucket, dispatch_id, user_id, channel, status, attempts, updated_at, task_id)
      select bucket, ${body.dispatch_id}, user_id, 'webhook',
             case external_id when 'ada' then 'sending' else 'pending' end::send_status, 1, ${app.clock.now()},
             (select id from tasks)
        from profiles`);
    await app.db.run(sql`update dispatches set state = 'sending', targeted = 2 where id = ${body.dispatch_id}`);
    await app.db.run(sql`update tasks set tries = 1, worker = ${randomUUID()}, leased_until = ${leasedUntil}`);
    await app.post(`/dispatches/${body.dispatch_id}/${verb}`, {});
    const shown = async () => {
      const { recipients } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body;
      return recipients.map((one: Record<string, string>) => `${one.external_id} ${one.status}`).sort();
    };
    assert.equal((await shown())[0], 'ada sending', 'until a worker runs');
    const { worker } = await app.startAnotherWorker();
    await worker?.idle();
    app.clock.advance(31_000);
    await worker?.idle();
    assert.deepEqual(await shown(), expected);
    const { tasks } = await app.db.one<{ tasks: number }>(sql`select count(*) as tasks from tasks`);
    assert.equal(tasks, 0);
    if (verb !== 'cancel') return;
    const replay = await app.post(`/dispatches/${body.dispatch_id}/replay`, { statuses: ['unknown'] });
    assert.deepEqual([replay.body.recipients, replay.body.warnings.length], [1, 1]);
    // The other worker is woken by a notification, which may come after this.
    while ((await shown()).some((one: string) => /unknown|pending|sending/.test(one))) await worker?.idle();
    assert.deepEqual(await shown(), ['ada sent', 'bob cancelled'], 'by name, what was in doubt is tried again');
  });
}

test('a worker does not take over its own tasks that it still works on, however long its leases have expired', async (t) => {
  const answers = Promise.withResolvers<void>();
  const calls: string[] = [];
  const slow = createServer((request, response) => {
    calls.push(request.url ?? '');
    called.resolve();
    void answers.promise.then(() => response.end());
  });
  const called = Promise.withResolvers<void>();
  await new Promise<void>((ready) => slow.listen(0, '127.0.0.1', ready));
  t.after(() => slow.close());
  const { port } = slow.address() as AddressInfo;
  const app = await startTestApp(t);
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["127.0.0.1:${port}"] }`);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const messages = { webhook: { url: `http://127.0.0.1:${port}/`, request_method: 'POST' } };
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages });
  await called.promise;
  // As after an outage, its leases expired long ago, and nobody else has taken them.
  await app.db.run(sql`update tasks set leased_until = ${new Date(app.clock.now().getTime() - 3_600_000)}`);
  app.app.worker?.wake(0);
  const another = await app.post('/messages/send', { external_user_ids: ['nobody'], messages });
  await until(async () => (await app.get(`/dispatches/${another.body.dispatch_id}`)).body.state === 'finished');
  const { tries } = await app.db.one<{ tries: number }>(sql`select tries from tasks`);
  answers.resolve();
  await app.drain();
  assert.equal(tries, 1, 'it has looked, and left alone what it has in hand');
  assert.equal(calls.length, 1);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.state, 'finished');
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue()));
}

test('a task left by a dead worker decides only the sends of that worker, not those of later workers', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: ['ada', 'bob'].map((external_id) => ({ external_id })) });
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada', 'bob'], messages: { webhook } });
  await app.db.run(sql`
    insert into sends (bucket, dispatch_id, user_id, channel, status, attempts, updated_at, task_id)
    select bucket, ${body.dispatch_id}, user_id, 'webhook', 'sending', 1, now(),
           (select id from tasks) + case external_id when 'ada' then 0 else 1 end
      from profiles`);
  await app.db.run(sql`update dispatches set state = 'sending', targeted = 2 where id = ${body.dispatch_id}`);
  await app.db.run(sql`update tasks set tries = 1`);
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  const listed = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients;
  assert.deepEqual(listed.map((one: Record<string, string>) => `${one.external_id} ${one.status}`).sort(), [
    'ada sent',
    'bob sending',
  ]);
});

test('a worker that stood still while its lease was answered does not take over from itself', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const leaseAnswers = Promise.withResolvers<void>();
  const isLeased = Promise.withResolvers<void>();
  const slow: typeof app.db = {
    ...app.db,
    prepared: async (name, query) => {
      const rows = await app.db.prepared(name, query);
      if (name.startsWith('lease_tasks') && rows.length > 0) {
        isLeased.resolve();
        await leaseAnswers.promise;
      }
      return rows as never;
    },
  };
  await app.startAnotherWorker({ db: slow });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  await isLeased.promise;
  // Longer than a lease and the patience with slow workers, as when a machine sleeps.
  for (let seconds = 0; seconds < 60; seconds += 1) {
    app.clock.advance(1_000);
    await app.get('/status');
  }
  const { tries } = await app.db.one<{ tries: number }>(sql`select tries from tasks`);
  leaseAnswers.resolve();
  assert.equal(tries, 1, 'leased once');
  await app.drain();
  const [ada] = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients;
  assert.deepEqual([ada.status, ada.attempts], ['sent', 1]);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.state, 'finished');
});

test('a lease that ends at this very moment has ended: nobody looks for it again and again', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  const leasedUntil = new Date(app.clock.now().getTime() + 15_000);
  await app.db.run(sql`update tasks set tries = 1, worker = ${randomUUID()}, leased_until = ${leasedUntil}`);
  const { worker } = await app.startAnotherWorker();
  app.clock.advance(15_000);
  await worker?.idle();
  const [ada] = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients;
  assert.equal(ada.status, 'sent');
});
