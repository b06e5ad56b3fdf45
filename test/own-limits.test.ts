// What waits for a limit of our own, a pace or calls_per_minute, says so and until when, and is no problem.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';
import { given, startPushApp, until } from './support/push-app.ts';
import { apns, IOS, IPAD, workspace } from './support/push-provider.ts';

const SECOND = 1_000;

interface Verdict {
  status: string;
  detail: string | null;
  next_attempt_at: string | null;
}

test('pushes that wait for calls_per_minute say so in the verdict, the dispatch and the status', async (t) => {
  const { app, provider } = await startPushApp(
    t,
    `${workspace(apns('K1', { calls_per_minute: 2 }))}  - { id: ${IPAD}, name: iPad, platform: ios, apns: ${apns('K2')} }\n`,
  );
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of names) await given(app, name, `token-of-${name}`);
  const before = (await app.get('/status')).body;
  assert.deepEqual([before.problems, before.waits], [[], []]);
  const messages = { apple_push: { alert: { title: 'Hi', body: 'Hello' } } };
  const { body } = await app.post('/messages/send', { external_user_ids: names, messages });
  await provider.called(1);
  await until(async () => {
    const { recipients } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body;
    return recipients.some(({ status }: Verdict) => status === 'sent');
  });
  app.clock.advance(2 * SECOND);
  const why = `app "iPhone" (${IOS}) is called 2 times a minute at most (calls_per_minute); what waits goes out at this pace`;
  const read = async () => (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients as Verdict[];
  const open = (await read()).filter(({ status }) => status !== 'sent');
  assert.ok(open.length >= 4, JSON.stringify(open));
  for (const { detail, next_attempt_at: next } of open) {
    assert.equal(detail, why);
    const waitMs = Date.parse(String(next)) - app.clock.now().getTime();
    assert.ok(waitMs > 0 && waitMs <= 90 * SECOND, `${waitMs} ms`);
  }
  const { waits, failure } = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.deepEqual([waits, failure], [[{ channel: 'apple_push', why, until: open[0]?.next_attempt_at }], undefined]);
  const during = (await app.get('/status')).body;
  assert.deepEqual([during.problems, during.waits], [[], [why]]);
  const [ofPerson] = (await app.get('/users/f/messages')).body.messages;
  assert.equal(ofPerson.status === 'sent' ? why : ofPerson.detail, why);

  for (let step = 0; (await read()).some(({ status }) => status !== 'sent'); step += 1) {
    assert.ok(step < 100, 'it never ends');
    app.clock.advance(10 * SECOND);
    await until(async () => {
      const isDone = (await app.get('/status')).body.queue.named.oldest_waiting_s === 0;
      if (!isDone) app.clock.advance(SECOND / 10); // the jump may have ended a lease, which is renewed as time goes on
      return isDone;
    });
  }
  for (const { detail, next_attempt_at: next } of await read()) assert.deepEqual([detail, next], [null, null]);
  await until(async () => (await app.get('/status')).body.waits.length === 0);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.waits, undefined);
});

test('messages that wait for the pace of their dispatch say so, and the dispatch shows it', async (t) => {
  const app = await startTestApp(t);
  const names = ['a', 'b', 'c'];
  await app.post('/users/track', {
    attributes: names.map((external_id) => ({ external_id, email: `${external_id}@acme.test` })),
  });
  const email = { app_id: IOS, from: 'a@acme.test', subject: 's', body: '<p>b</p>' };
  const sendAt = async (pace: object) => {
    const { body } = await app.post('/messages/send', {
      ...{ external_user_ids: names, messages: { email }, cresset: { pace } },
    });
    await app.drain();
    return body.dispatch_id as string;
  };
  for (const [pace, rate] of [
    [{ per_minute: 1 }, '1 message a minute on this channel (cresset.pace)'],
    [
      { per_minute: 100, ramp: { from: 2, minutes: 60 } },
      '2 messages a minute on this channel, at present (cresset.pace)',
    ],
  ] as const) {
    const id = await sendAt(pace);
    const why = `its dispatch begins at most ${rate}`;
    const pending = ((await app.get(`/dispatches/${id}/recipients`)).body.recipients as Verdict[]).filter(
      ({ status }) => status === 'pending',
    );
    assert.equal(pending.length, 2);
    for (const { detail, next_attempt_at: next } of pending) {
      assert.equal(detail, why);
      assert.ok(Date.parse(String(next)) > app.clock.now().getTime());
    }
    const { waits, failure } = (await app.get(`/dispatches/${id}`)).body;
    assert.deepEqual([waits, failure], [[{ channel: 'email', why, until: pending[0]?.next_attempt_at }], undefined]);
    await app.post(`/dispatches/${id}/pause`, {});
    assert.equal((await app.get(`/dispatches/${id}`)).body.waits, undefined, 'it waits for an order alone');
  }
});
