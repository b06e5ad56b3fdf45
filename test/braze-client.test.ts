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

test('its errors carry our message and details', async (t) => {
  const app = await startTestApp(t);
  const braze = new Braze(app.url, app.key);
  await assert.rejects(braze.messages.send({ messages: {} }), (error: Error & { status?: number }) => {
    assert.equal(error.message, 'No message to send');
    return true;
  });
  await assert.rejects(new Braze(app.url, 'nokey').messages.send({ messages: {} }), /Invalid API key: noke…/);
});

test('it lists catalogs, follows the pages of items and reads one item', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const { synchronous } = new Braze(app.url, app.key).catalogs;
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'n', type: 'number' },
  ];
  await app.post('/catalogs', { catalogs: [{ name: 'shop', description: 'What we sell', fields }] });
  const items = Array.from({ length: 120 }, (_, n) => ({ id: `i${n}`, n }));
  for (let from = 0; from < 120; from += 50)
    await app.post('/catalogs/shop/items', { items: items.slice(from, from + 50) });

  const { catalogs, message } = await synchronous.list();
  assert.deepEqual([message, catalogs.map(({ description }) => description)], ['success', ['What we sell']]);
  const read: unknown[] = [];
  for await (const item of synchronous.items({ catalog_name: 'shop' })) read.push(item);
  assert.deepEqual(read, items);
  assert.deepEqual((await synchronous.item({ catalog_name: 'shop', item_id: 'i7' })).items, [{ id: 'i7', n: 7 }]);
  await assert.rejects(synchronous.item({ catalog_name: 'shop', item_id: 'nobody' }), /Invalid Request/);
});
