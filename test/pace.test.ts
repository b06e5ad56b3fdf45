// Pace: how fast the messages of a dispatch are begun, by all workers together.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';
import { goTo } from './support/schedules.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const START = '2027-06-01T08:00:00Z';
const webhook = { url: 'https://example.com/{{${user_id}}}', request_method: 'POST' };
const email = { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>' };
const everybody = {
  broadcast: true,
  audience: { AND: [{ custom_attribute: { custom_attribute_name: 'never', comparison: 'does_not_exist' } }] },
};

/** Number of messages by channel and minute since the start. */
async function perMinute(app: TestApp): Promise<Record<string, number[]>> {
  const rows = await app.db.query<{ channel: string; minute: number; count: number }>(sql`
    select channel, floor(extract(epoch from delivered_at - ${START}::timestamptz) / 60)::integer as minute, count(*) as count
      from sandbox_messages
     group by 1, 2
     order by 1, 2`);
  const found: Record<string, number[]> = {};
  for (const { channel, minute, count } of rows) {
    found[channel] ??= [];
    found[channel][minute] = count;
  }
  return found;
}

async function accept(app: TestApp, body: object): Promise<string> {
  const reply = await app.post('/messages/send', body);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body.dispatch_id;
}

test('each channel has the pace of its own, and a slow minute is not made up for', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date(START) });
  await app.startAnotherWorker();
  const names = Array.from({ length: 25 }, (_, index) => `p${index}`);
  await app.post('/users/track', {
    attributes: names.map((external_id) => ({ external_id, email: `${external_id}@acme.test` })),
  });
  const id = await accept(app, {
    ...{ external_user_ids: names, messages: { webhook, email }, cresset: { pace: { per_minute: 10 } } },
  });
  await goTo(app, '2027-06-01T08:00:59Z');
  assert.deepEqual(await perMinute(app), { webhook: [10], email: [10] });
  await app.post(`/dispatches/${id}/pause`, {});
  await goTo(app, '2027-06-01T08:02:00Z');
  await app.post(`/dispatches/${id}/resume`, {});
  await goTo(app, '2027-06-01T08:02:59Z');
  const resumed = await perMinute(app);
  assert.deepEqual([resumed.webhook?.[1], resumed.webhook?.[2], resumed.email?.[2]], [undefined, 10, 10]);
  await goTo(app, '2027-06-01T08:05:00Z');
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual([body.state, body.channels.webhook.sent, body.channels.email.sent], ['finished', 25, 25]);
  assert.deepEqual((await app.get('/status')).body.queue.named.tasks, 0);
});

test('messages that fail in a minute go to the end, and no minute begins more than its pace', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date(START) });
  const begun: number[] = [];
  const minuteOf = (ms: number) => Math.floor((ms - Date.parse(START)) / 60_000);
  const sink = await startWebhookSink(t, () => {
    begun.push(minuteOf(app.clock.now().getTime()));
    return begun.length > 4 && begun.length <= 10 ? 503 : 200;
  });
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["${sink.host}"] }`);
  const names = Array.from({ length: 25 }, (_, index) => `p${index}`);
  await app.post('/users/track', {
    attributes: names.map((external_id) => ({ external_id, email: `${external_id}@acme.test` })),
  });
  const id = await accept(app, {
    external_user_ids: names,
    messages: { webhook: { ...webhook, url: sink.url }, email },
    cresset: { pace: { per_minute: 10 } },
  });
  await goTo(app, '2027-06-01T08:00:59Z');
  assert.deepEqual([begun.length, sink.total(), (await perMinute(app)).email?.[0]], [10, 4, 10], '20 of both channels');
  await goTo(app, '2027-06-01T09:00:00Z');
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual([body.state, body.channels.webhook.sent, body.channels.email.sent], ['finished', 25, 25]);
  assert.equal(begun.length, 31, 'each of the six was begun once more');
  const ofMinute = Map.groupBy(begun, (minute) => minute);
  for (const [minute, calls] of ofMinute) assert.ok(calls.length <= 10, `minute ${minute}: ${calls.length}`);
  assert.deepEqual((await perMinute(app)).email, [10, 10, 5]);
});

test('a ramp begins slowly; whom gates refuse takes nothing of the pace', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date(START) });
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 90 });
  await app.db.run(sql`update profiles set email_state = 'unsubscribed' where user_id % 3 = 0`);
  const id = await accept(app, {
    ...everybody,
    messages: { email },
    cresset: { pace: { per_minute: 40, ramp: { from: 4, minutes: 4 } } },
  });
  await goTo(app, '2027-06-01T08:10:00Z');
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual([body.state, body.channels.email.sent, body.channels.email.unsubscribed], ['finished', 60, 30]);
  const { email: minutes = [] } = await perMinute(app);
  // 4 a minute at first, 13 after a minute, 22 after two, 31 after three, then 40
  for (const [minute, [least, most]] of [
    [3, 13],
    [9, 22],
    [17, 31],
  ].entries()) {
    const count = minutes[minute] ?? 0;
    assert.ok(count >= (least ?? 0) && count <= (most ?? 0), `minute ${minute}: ${JSON.stringify(minutes)}`);
  }
});

test('wrong paces and canaries are told with their path', async (t) => {
  const app = await startTestApp(t);
  for (const [cresset, problem, body = { external_user_ids: ['ada'] }] of [
    [{ pace: { per_minute: 0 } }, 'cresset.pace.per_minute: expected an integer from 1 to 500000'],
    [{ pace: 10 }, 'cresset.pace: expected an object'],
    [{ pace: { per_minute: 9, ramp: { from: 1 } } }, 'cresset.pace.ramp.minutes: is required'],
    [{ canary: {} }, 'cresset.canary: needs a broadcast, because it is a part of an audience'],
    [{ canary: { percent: 0 } }, 'cresset.canary.percent: expected a number from 0.01 to 50', everybody],
    [
      { canary: { most_failed_percent: 101 } },
      'cresset.canary.most_failed_percent: expected a number from 0 to 100',
      everybody,
    ],
  ] as const) {
    const reply = await app.post('/messages/send', { ...body, messages: { webhook }, cresset });
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.body.errors, [problem]);
  }
});
