// A task that takes its worker down twice is set aside, so that a server that starts again stays up.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, type ServerProcess, startServer } from '../rig/process.ts';
import { pause } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const KEY = 'a-key-for-the-test-of-fatal-tasks';
const webhook = { url: 'https://example.test/', request_method: 'POST' };

interface Shown {
  state: string;
  failure?: string;
}

function client(server: ServerProcess) {
  const headers = { authorization: `Bearer ${KEY}` };
  return {
    async post(path: string, body: object): Promise<{ dispatch_id: string; state: string }> {
      const response = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      assert.equal(response.status, 201, await response.clone().text());
      return (await response.json()) as { dispatch_id: string; state: string };
    },
    async untilState(dispatchId: string, wanted: string): Promise<Shown> {
      for (;;) {
        const shown = (await (await fetch(`${server.url}/dispatches/${dispatchId}`, { headers })).json()) as Shown;
        if (shown.state === wanted) return shown;
        await pause(20);
      }
    },
  };
}

test('a server killed twice while it holds a task sets it aside, goes on with the others, and replays it', async (t) => {
  const sink = await startWebhookSink(t);
  const release = sink.holdAfter(0);
  const folder = dataFolder(t);
  const workspace = join(folder, 'workspace.yaml');
  writeFileSync(workspace, `webhook: { deliver: true, allow: ["${sink.host}"] }\n`);
  const env = {
    CRESSET_DATA_DIR: folder,
    PORT: '0',
    CRESSET_API_KEY: KEY,
    CRESSET_WORKSPACE: workspace,
    CRESSET_LOG_LEVEL: 'warn',
  };
  const first = await startServer(env);
  await client(first).post('/users/track', { attributes: [{ external_id: 'ada' }, { external_id: 'bob' }] });
  const send = (server: ServerProcess, id: string) =>
    client(server).post('/messages/send', {
      external_user_ids: [id],
      messages: { webhook: { url: sink.url, request_method: 'POST' } },
    });
  const { dispatch_id } = await send(first, 'ada');
  await sink.until(() => sink.total() === 1);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');

  const second = await startServer(env);
  await sink.until(() => sink.total() === 2);
  assert.equal(await second.end('SIGKILL'), 'SIGKILL');

  const third = await startServer(env);
  const { failure } = await client(third).untilState(dispatch_id, 'cancelled');
  assert.match(failure ?? '', /^set aside: the server ended more than once/);
  assert.equal(sink.total(), 2, 'it was not tried again');
  release();
  await client(third).untilState((await send(third, 'bob')).dispatch_id, 'finished');

  assert.equal((await client(third).post(`/dispatches/${dispatch_id}/replay`, {})).state, 'sending');
  const replayed = await client(third).untilState(dispatch_id, 'finished');
  assert.equal(replayed.failure, undefined);
  assert.equal(sink.received.get('ada'), 3);
  assert.equal(await third.end('SIGTERM'), 0);
});

/** The state of every task as if `deaths` workers had died with it, the last one while it was on trial. */
async function givenDeaths(app: TestApp, deaths: number): Promise<void> {
  const leasedUntil = new Date(app.clock.now().getTime() - 1);
  await app.db.run(sql`
    update tasks
       set tries = ${deaths}, deaths = ${deaths - 1}, is_on_trial = ${deaths > 1}, worker = ${randomUUID()},
           leased_until = ${leasedUntil}`);
}

async function work(app: TestApp): Promise<void> {
  await app.startAnotherWorker();
  app.clock.advance(31_000);
  await app.drain(); // a worker of before may have been quicker
}

test('the tasks that a dead worker also held are tried one by one, and all of them go out', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const names = ['ada', 'bob', 'cid', 'dan'];
  await app.post('/users/track', { attributes: names.map((external_id) => ({ external_id })) });
  for (const id of names) await app.post('/messages/send', { external_user_ids: [id], messages: { webhook } });
  await givenDeaths(app, 1);
  await work(app);
  assert.deepEqual(await app.db.query(sql`select distinct state, failure from dispatches`), [
    { state: 'finished', failure: null },
  ]);
});

test('a suspect that waits for its provider is not on trial any more once other work has begun', async (t) => {
  const sink = await startWebhookSink(t);
  const release = sink.holdAfter(0);
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["${sink.host}"] }`);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }, { external_id: 'bob' }] });
  const send = (id: string) =>
    app.post('/messages/send', { external_user_ids: [id], messages: { webhook: { ...webhook, url: sink.url } } });
  const onTrial = () => app.db.query(sql`select is_on_trial as is from tasks order by id`);
  await send('ada');
  await givenDeaths(app, 1);
  await app.startAnotherWorker();
  app.clock.advance(31_000);
  await sink.until(() => sink.total() === 1);
  assert.deepEqual(await onTrial(), [{ is: true }]);
  app.clock.advance(200);
  assert.deepEqual(await onTrial(), [{ is: true }], 'nothing else could be the reason');
  await send('bob');
  await sink.until(() => sink.total() === 2);
  assert.deepEqual(await onTrial(), [{ is: false }, { is: false }]);
  release();
  await app.drain();
});

for (const [delivery, status] of [
  ['at_least_once', 'cancelled'],
  ['at_most_once', 'unknown'],
] as const) {
  test(`${delivery}: a send that was under way when its task became fatal is ${status}`, async (t) => {
    const app = await startTestApp(t, { worker: false });
    await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
    const { body } = await app.post('/messages/send', {
      external_user_ids: ['ada'],
      messages: { webhook },
      cresset: { delivery },
    });
    await app.db.run(sql`
      insert into sends (bucket, dispatch_id, user_id, channel, status, attempts, updated_at)
      select bucket, ${body.dispatch_id}, user_id, 'webhook', 'sending', 1, now() from profiles`);
    await app.db.run(sql`update dispatches set state = 'sending', targeted = 1`);
    await givenDeaths(app, 2);
    await work(app);
    const { recipients } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body;
    assert.deepEqual(
      recipients.map((one: { status: string }) => one.status),
      [status],
    );
    assert.equal((await app.get('/sandbox/messages')).body.messages.length, 0);
  });
}

test('a fatal task stops its whole broadcast, whose other tasks would be as fatal', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }, { external_id: 'bob' }] });
  await app.givenWorkspace('segments: [{ id: 11111111-1111-4111-8111-111111111111, name: All, filter: null }]');
  const { body } = await app.post('/messages/send', {
    broadcast: true,
    segment_id: '11111111-1111-4111-8111-111111111111',
    messages: { webhook },
  });
  assert.equal(body.message, 'success', JSON.stringify(body));
  // It was written down, and one of its two tasks took its workers down.
  await app.db.run(sql`
    insert into sends (bucket, dispatch_id, user_id, channel, updated_at)
    select bucket, ${body.dispatch_id}, user_id, 'webhook', now() from profiles`);
  await app.db.run(sql`update dispatches set state = 'sending', targeted = 2, expanded_at = now(), open_tasks = 2`);
  await app.db.run(sql`update tasks set kind = 'drain'`);
  await givenDeaths(app, 2);
  await app.db.run(sql`
    insert into tasks (dispatch_id, workspace_id, lane, kind, run_at)
    select dispatch_id, workspace_id, lane, 'drain', '9998-01-01' from tasks`);
  await work(app);
  const shown = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.deepEqual([shown.state, shown.channels.webhook.cancelled], ['cancelled', 2]);
  assert.deepEqual(await app.db.query(sql`select id from tasks`), []);

  await app.post(`/dispatches/${body.dispatch_id}/replay`, {});
  await work(app);
  const replayed = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.deepEqual([replayed.state, replayed.channels.webhook.sent], ['finished', 2]);
});

test('an expansion that is fatal is set aside, and a replay takes it up', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }, { external_id: 'bob' }] });
  await app.givenWorkspace('segments: [{ id: 11111111-1111-4111-8111-111111111111, name: All, filter: null }]');
  const { body } = await app.post('/messages/send', {
    broadcast: true,
    segment_id: '11111111-1111-4111-8111-111111111111',
    messages: { webhook },
  });
  await givenDeaths(app, 2);
  await work(app);
  const shown = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.deepEqual([shown.state, shown.expanded_at], ['cancelled', null]);
  await work(app);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.expanded_at, null, 'it is not leased by itself');

  await app.post(`/dispatches/${body.dispatch_id}/replay`, {});
  await work(app);
  const replayed = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.deepEqual([replayed.state, replayed.channels.webhook.sent], ['finished', 2]);
});
