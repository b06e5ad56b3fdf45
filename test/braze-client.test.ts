// A public client of the original, unchanged except for the base URL and the key.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Braze, type MessagesSendObject } from 'braze-api';
import { startTestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

test('the braze-api client tracks, aliases, sends, exports and deletes', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`apps: [{ id: ${APP}, name: iOS, platform: ios }]`);
  const braze = new Braze(app.url, app.key);

  const tracked = await braze.users.track({
    attributes: [{ external_id: 'ada', first_name: 'Ada', email: 'ada@example.test', eye_color: 'blue' }],
    events: [{ external_id: 'ada', name: 'signed_up', time: '2026-03-01T00:00:00Z' }],
  });
  assert.equal(tracked.message, 'success');
  assert.equal(
    (await braze.users.alias.new({ user_aliases: [{ external_id: 'ada', alias_name: 'a1', alias_label: 'shop' }] }))
      .message,
    'success',
  );

  const request: MessagesSendObject = {
    user_aliases: [{ alias_name: 'a1', alias_label: 'shop' }],
    messages: {
      email: { app_id: APP, from: 'Acme <hello@acme.test>', subject: 'Hi {{${first_name}}}', body: '<p>Hello</p>' },
    },
  };
  const sent = await braze.messages.send(request);
  assert.equal(sent.message, 'success');
  assert.match(String(sent.dispatch_id), /^[0-9a-f]{32}$/);
  await app.drain();
  const { body } = await app.get(`/sandbox/messages?external_id=ada`);
  assert.equal(body.messages[0].message.subject, 'Hi Ada');

  const exported = await braze.users.export.ids({
    external_ids: ['ada'],
    fields_to_export: ['external_id', 'email', 'custom_attributes'],
  });
  assert.deepEqual(exported.users, [
    { external_id: 'ada', email: 'ada@example.test', custom_attributes: { eye_color: 'blue' } },
  ]);
  assert.equal((await braze.users.delete({ external_ids: ['ada'] })).message, 'success');
});

test('the braze-api client schedules, changes, lists and deletes', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
time_zone: Europe/Vienna
campaigns: [{ id: spring, name: Spring, kind: api, variations: [{ id: hook, name: Hook, channel: webhook }] }]`);
  const { messages } = new Braze(app.url, app.key);
  const webhook = {
    message_variation_id: 'hook',
    url: 'https://example.com',
    request_method: 'POST' as const,
    body: 'a',
  };
  const created = await messages.schedule.create({
    broadcast: true,
    campaign_id: 'spring',
    audience: { custom_attribute: { custom_attribute_name: 'x', comparison: 'exists' } } as never,
    messages: { webhook } as NonNullable<MessagesSendObject['messages']>,
    override_messaging_limits: true,
    schedule: { time: '2026-04-01T09:00:00', in_local_time: true },
  });
  assert.equal(created.message, 'success');
  assert.match(created.dispatch_id, /^[0-9a-f]{32}$/);
  const { schedule_id } = created;
  const schedule = { time: '2026-04-02T09:00:00Z' };
  assert.equal((await messages.schedule.update({ schedule_id, schedule })).message, 'success');
  const listed = await messages.scheduled_broadcasts({ end_time: '2026-04-03' });
  assert.deepEqual(
    listed.scheduled_broadcasts.map(({ name, next_send_time }) => [name, next_send_time]),
    [['Spring', '2026-04-02T09:00:00.000Z']],
  );
  assert.equal((await messages.schedule.delete({ schedule_id })).message, 'success');
  await assert.rejects(messages.schedule.delete({ schedule_id }), /Bad Request/);
});

test('its errors carry our message and details', async (t) => {
  const app = await startTestApp(t);
  const braze = new Braze(app.url, app.key);
  await assert.rejects(braze.messages.send({ messages: {} }), (error: Error & { status?: number }) => {
    assert.equal(error.message, 'No message to send');
    return true;
  });
  await assert.rejects(new Braze(app.url, 'nokey').messages.send({ messages: {} }), /Invalid API key: noke…/);
});
