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

test('the braze-api client stores email templates and content blocks, and sends with them', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
tags: [season]`);
  const braze = new Braze(app.url, app.key);
  const { content_blocks, email_templates } = braze.templates;
  await braze.users.track({ attributes: [{ external_id: 'ada', first_name: 'Ada', email: 'ada@example.test' }] });

  const block = await content_blocks.create({ name: 'footer', content: 'Bye', description: 'd', state: 'draft' });
  assert.deepEqual([block.message, block.liquid_tag], ['success', '{{content_blocks.${footer}}}']);
  const { content_block_id } = block;
  const changed = await content_blocks.update({ content_block_id, content: 'Bye {{${first_name}}}', state: 'active' });
  assert.equal(changed.content_block_id, content_block_id);
  const template = { template_name: 'Welcome', subject: 'Hi', body: '<p>{{content_blocks.${footer}}}</p>' };
  const { email_template_id } = await email_templates.create({ ...template, tags: ['season'] });
  const updated = await email_templates.update({ email_template_id, ...template, subject: 'Hi {{${first_name}}}' });
  assert.deepEqual(updated, { email_template_id, message: 'success' });

  const info = await content_blocks.get({ content_block_id, include_inclusion_data: true });
  assert.deepEqual(
    [info.name, info.content, info.inclusion_count, info.inclusion_data],
    ['footer', 'Bye {{${first_name}}}', 1, [email_template_id]],
  );
  const listed = await content_blocks.list({ limit: 10, offset: 0, modified_after: '2020-01-01' });
  assert.deepEqual([listed.count, listed.content_blocks[0]?.content_block_id], [1, content_block_id]);
  const shown = await email_templates.get({ email_template_id });
  assert.deepEqual(
    [shown.template_name, shown.subject, shown.body],
    ['Welcome', 'Hi {{${first_name}}}', template.body],
  );
  const templates = await email_templates.list({ limit: 1 });
  assert.deepEqual([templates.count, templates.templates[0]?.tags], [1, ['season']]);

  const email = { app_id: APP, from: 'Acme <hello@acme.test>', email_template_id };
  // The client's types want a body as well, which its original does not.
  const request = { external_user_ids: ['ada'], messages: { email } } as unknown as MessagesSendObject;
  assert.equal((await braze.messages.send(request)).message, 'success');
  await app.drain();
  const { body } = await app.get(`/sandbox/messages?external_id=ada`);
  assert.deepEqual([body.messages[0].message.subject, body.messages[0].message.html], ['Hi Ada', '<p>Bye Ada</p>']);
  await assert.rejects(content_blocks.create({ name: 'a b', content: 'x' }), {
    message: 'Content Block name can only contain alphanumeric characters',
  });
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
