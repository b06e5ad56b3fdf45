// Pushes whose templates read the device that they go to: each device gets its own text.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import type { TestApp } from './support/app.ts';
import { given, push, send, startPushApp as start, untilRetry, verdict } from './support/push-app.ts';

interface Told {
  push: { rendered: object };
  token: string;
}

/** The text that a device got. */
const bodies = (calls: readonly Told[]) =>
  calls
    .map(({ token, push: { rendered } }) => {
      const { payload } = rendered as { payload: { aps: { alert: { body: string } } } };
      return `${token}: ${payload.aps.alert.body}`;
    })
    .sort();

const message = (body: string) => ({ ...push, alert: { title: 'Hi', body } });
const device =
  '{{targeted_device.${id}}} {{targeted_device.${platform}}} {{targeted_device.${foreground_push_enabled}}}';

/** Devices as apps report them. Tokens that came through the API tell nothing. */
async function markUsed(app: TestApp, ...used: string[]): Promise<void> {
  await app.db.run(sql`
    update push_targets set last_used_at = now(), device_id = 'device-' || token where token = any(${used}::text[])`);
}

test('each device gets the text of its own, and one that nothing is known of gets that of an unknown one', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1', 't2', 't3', 't4');
  await markUsed(app, 't1', 't2');
  const id = await send(app, 'ada', message(`[${device}] {{\${user_id}}}`));
  assert.deepEqual(bodies(provider.calls), [
    't1: [device-t1 ios true] ada',
    't2: [device-t2 ios true] ada',
    't3: [  ] ada',
    't4: [  ] ada',
  ]);
  const found = await verdict(app, id);
  assert.deepEqual([found.status, found.attempts], ['sent', 4]);

  const calls = provider.calls.length;
  await send(app, 'ada', message('{{most_recently_used_device.${id}}}'));
  const latest = new Set(bodies(provider.calls.slice(calls)).map((text) => text.slice(4)));
  assert.equal(latest.size, 1, 'the most recently used device is the same in every text');
  assert.match([...latest][0] ?? '', /^device-t[12]$/);
});

test('an abort for one device leaves the others alone; without any device left nothing is sent', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1', 't2');
  await given(app, 'bob', 't3');
  await markUsed(app, 't1', 't2', 't3');
  const aborting = (id: string) =>
    message(`{% if targeted_device.\${id} == '${id}' %}{% abort_message('not here') %}{% endif %}${device}`);
  const id = await send(app, 'ada', aborting('device-t1'));
  assert.deepEqual(bodies(provider.calls), ['t2: device-t2 ios true']);
  const found = await verdict(app, id);
  assert.deepEqual([found.status, found.attempts], ['sent', 1]);
  const ofBob = await verdict(app, await send(app, 'bob', aborting('device-t3')));
  assert.deepEqual([ofBob.status, ofBob.reason, ofBob.detail], ['aborted', 'aborted', 'not here']);
  const dead = await send(app, 'ada', message(`{% if true %}{% abort_message('nobody') %}{% endif %}${device}`));
  assert.equal((await verdict(app, dead)).status, 'aborted');
  assert.equal(provider.calls.length, 1);
});

test('a retry has the same text for the same device', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1', 't2');
  await markUsed(app, 't1', 't2');
  provider.answer('t2', { kind: 'retry', reason: 'InternalServerError' }, { kind: 'accepted', providerId: null });
  const id = await send(app, 'ada', message(device));
  assert.equal((await verdict(app, id)).status, 'pending');
  await untilRetry(app, id);
  assert.equal((await verdict(app, id)).status, 'sent');
  assert.deepEqual(bodies(provider.calls), [
    't1: device-t1 ios true',
    't2: device-t2 ios true',
    't2: device-t2 ios true',
  ]);
});

test('elsewhere there is no device', async (t) => {
  const { app } = await start(t);
  await given(app, 'ada', 't1');
  await markUsed(app, 't1');
  const webhook = {
    url: 'https://example.com/',
    request_method: 'POST',
    body: `[${device}]{{most_recently_used_device.\${id}}}`,
  };
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  await app.drain();
  const { body } = await app.get('/sandbox/messages');
  assert.equal(body.messages[0].message.body, '[  ]device-t1');
});
