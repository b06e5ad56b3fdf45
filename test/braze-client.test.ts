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

test('the braze-api client sets and reads subscription groups', async (t) => {
  const app = await startTestApp(t);
  const [news, texts] = ['22222222-2222-4222-8222-222222222222', '55555555-5555-4555-8555-555555555555'];
  await app.givenWorkspace(`
subscription_groups:
  - { id: ${news}, name: News, channel: email }
  - { id: ${texts}, name: Texts, channel: sms }`);
  const braze = new Braze(app.url, app.key);
  const [email, phone] = ['ada+x@example.test', '+14155550100'];
  await braze.users.track({ attributes: [{ external_id: 'ada', email, phone }, { external_id: 'ben' }] });

  const done = { message: 'success' };
  const set = { subscription_group_id: news, subscription_state: 'subscribed' as const };
  assert.deepEqual(await braze.subscription.status.set({ ...set, external_id: ['ben'], email: [email] }), done);
  const unset = { subscription_group_id: texts, subscription_state: 'unsubscribed' as const };
  assert.deepEqual(await braze.subscription.status.set({ ...unset, external_id: [], phone: [phone] }), done);
  assert.deepEqual(
    await braze.v2.subscription.status.set({
      subscription_groups: [
        { ...set, subscription_state: 'unsubscribed', external_ids: ['ben'] },
        { ...set, subscription_group_id: texts, external_ids: ['ben'] },
      ],
    }),
    done,
  );
  const statuses = [
    await braze.subscription.status.get({ subscription_group_id: news, external_id: ['ada', 'ben', 'cleo'] }),
    await braze.subscription.status.get({ subscription_group_id: news, email }),
    await braze.subscription.status.get({ subscription_group_id: texts, phone: [phone] }),
  ];
  assert.deepEqual(
    statuses.map((answer) => Object(answer).status),
    [
      { ada: 'Subscribed', ben: 'Unsubscribed', cleo: 'Unknown' },
      { [email]: 'Subscribed' },
      { [phone]: 'Unsubscribed' },
    ],
  );
  const { users, total_count, message } = await braze.subscription.user.status({
    external_id: 'ada',
    limit: 10,
    offset: 0,
  });
  assert.deepEqual([total_count, message], [1, 'success']);
  assert.deepEqual(users, [
    {
      ...{ email, phone, external_id: 'ada' },
      subscription_groups: [
        { id: news, name: 'News', channel: 'email', status: 'Subscribed' },
        { id: texts, name: 'Texts', channel: 'sms', status: 'Unsubscribed' },
      ],
    },
  ]);
  await assert.rejects(
    braze.subscription.status.set({ ...set, subscription_group_id: 'x', external_id: ['ada'], email: [] }),
    /Invalid subscription group ID/,
  );
});

test('the braze-api client triggers campaigns, Canvases and transactional mails', async (t) => {
  const app = await startTestApp(t);
  const subject = '{{${first_name}}} {{api_trigger_properties.${order}}}';
  const messages = { email: { app_id: APP, from: 'Acme <hello@acme.test>', subject, body: '<p>Hello</p>' } };
  const campaign = { name: 'Shipped', kind: 'api_triggered', messages };
  await app.givenWorkspace(
    JSON.stringify({
      apps: [{ id: APP, name: 'iOS', platform: 'ios' }],
      campaigns: [
        { ...campaign, id: 'shipped', canvas: { id: 'shipped-canvas', name: 'Shipped' } },
        { ...campaign, id: 'receipt', kind: 'transactional' },
      ],
    }),
  );
  const braze = new Braze(app.url, app.key);
  const attributes = { first_name: 'Ada', email: 'ada@example.test' };
  const sent = await braze.campaigns.trigger.send({
    campaign_id: 'shipped',
    trigger_properties: { order: 1 },
    recipients: [{ external_user_id: 'ada', send_to_existing_only: false, attributes }],
  });
  assert.deepEqual([sent.message, String(sent.dispatch_id).length], ['success', 32]);
  const byEmail = { email: 'ada@example.test', prioritization: ['most_recently_updated' as const] };
  await braze.campaigns.trigger.send({
    campaign_id: 'shipped',
    recipients: [{ ...byEmail, trigger_properties: { order: 2 } }],
  });
  await braze.canvas.trigger.send({
    canvas_id: 'shipped-canvas',
    recipients: [{ external_user_id: 'ada', canvas_entry_properties: { order: 3 } }],
  });
  const receipt = await braze.transactional.v1.campaigns.send('receipt', {
    external_send_id: 'order-4',
    trigger_properties: { order: 4 },
    recipient: [{ external_user_id: 'ada' }],
  });
  assert.deepEqual([receipt.status, receipt.metadata.external_send_id], ['sent', 'order-4']);
  await assert.rejects(
    braze.transactional.v1.campaigns.send('nothing', { recipient: [{ external_user_id: 'ada' }] }),
    /^Error: Campaign does not exist/,
  );
  await app.drain();
  const { body } = await app.get('/sandbox/messages?external_id=ada');
  const subjects = body.messages.map((one: { message: { subject: string } }) => one.message.subject).sort();
  assert.deepEqual(subjects, ['Ada 1', 'Ada 2', 'Ada 3', 'Ada 4']);
});

test('the braze-api client triggers campaigns and Canvases later', async (t) => {
  const app = await startTestApp(t);
  const messages = { webhook: { url: 'https://example.com', request_method: 'POST', body: 'x' } };
  const campaign = { id: 'shipped', name: 'Shipped', kind: 'api_triggered', messages };
  await app.givenWorkspace(
    JSON.stringify({ campaigns: [{ ...campaign, canvas: { id: 'journey', name: 'Journey' } }] }),
  );
  const braze = new Braze(app.url, app.key);
  const recipients = [{ external_user_id: 'ada' }];
  const schedule = { time: '2026-04-01T09:00:00Z' };
  const later = { time: '2026-04-02T09:00:00', in_local_time: true };
  const ofCampaign = braze.campaigns.trigger.schedule;
  const created = await ofCampaign.create({ campaign_id: 'shipped', recipients, schedule });
  assert.equal(created.schedule_id.length, 36);
  const campaignPair = { campaign_id: 'shipped', schedule_id: created.schedule_id };
  assert.equal((await ofCampaign.update({ ...campaignPair, schedule: later })).message, 'success');
  const ofCanvas = braze.canvas.trigger.schedule;
  const { schedule_id } = await ofCanvas.create({ canvas_id: 'journey', recipients, schedule });
  const canvasPair = { canvas_id: 'journey', schedule_id };
  assert.equal((await ofCanvas.update({ ...canvasPair, schedule: later })).message, 'success');
  for (const remove of [() => ofCampaign.delete(campaignPair), () => ofCanvas.delete(canvasPair)]) {
    assert.equal((await remove()).message, 'success');
    await assert.rejects(remove(), /Bad Request/);
  }
});

test('the braze-api client reads lists, details and sizes, and creates send ids', async (t) => {
  const app = await startTestApp(t);
  const segment = '11111111-1111-4111-8111-111111111111';
  await app.givenWorkspace(`
segments: [{ id: ${segment}, name: All, analytics_tracking_enabled: true, filter: null }]
campaigns: [{ id: spring, name: Spring, kind: api, variations: [{ id: v, name: Mail, channel: email }] }]`);
  const braze = new Braze(app.url, app.key);
  const page = { page: 0, sort_direction: 'desc' };
  const edited = { include_archived: true, 'last_edit.time[gt]': '2020-01-01T00:00:00Z' };
  const { campaigns } = await braze.campaigns.list({ ...page, ...edited });
  assert.deepEqual(
    campaigns.map(({ id, name, is_api_campaign }) => [id, name, is_api_campaign]),
    [['spring', 'Spring', true]],
  );
  const details = await braze.campaigns.details({ campaign_id: 'spring' });
  assert.deepEqual([details.message, details.channels, details.schedule_type], ['success', ['email'], 'api']);
  const canvases = await braze.canvas.list({ ...page, ...edited });
  assert.deepEqual(canvases.canvases, []);
  const { segments } = await braze.segments.list(page);
  assert.deepEqual(segments, [{ id: segment, name: 'All', analytics_tracking_enabled: true, tags: [] }]);
  assert.equal((await braze.segments.details({ segment_id: segment })).description, 'everybody');
  const sizes = await braze.segments.analytics({ segment_id: segment, length: 7 });
  assert.deepEqual(sizes.data, [{ time: '2026-03-15', size: 0 }]);
  const created = await braze.sends.id.create({ campaign_id: 'spring', send_id: 'monday' });
  assert.deepEqual(created, { message: 'success', send_id: 'monday' });
  await assert.rejects(
    braze.campaigns.details({ campaign_id: 'nosuch' }),
    /campaign_id must be a string of the campaign api identifier/,
  );
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

test('the braze-api client repairs identities, exports a segment and changes the flags of addresses', async (t) => {
  const app = await startTestApp(t);
  const segment = '11111111-1111-4111-8111-111111111111';
  await app.givenWorkspace(`segments: [{ id: ${segment}, name: Everybody, filter: null }]`);
  const braze = new Braze(app.url, app.key);
  const done = { message: 'success' };
  const alias = { alias_name: 'd1', alias_label: 'dev' };
  await braze.users.track({ attributes: [{ external_id: 'ada', email: 'ada@example.test' }, { external_id: 'bob' }] });
  await braze.users.alias.new({ user_aliases: [alias] });
  assert.deepEqual(
    await braze.users.alias.update({ alias_updates: [{ ...alias, old_alias_name: 'd1', new_alias_name: 'd2' }] }),
    {
      ...{ aliases_processed: 1 },
      ...done,
    },
  );
  const identified = { external_id: 'cleo', user_alias: { ...alias, alias_name: 'd2' } };
  assert.deepEqual(await braze.users.identify({ aliases_to_identify: [identified] }), {
    aliases_processed: 1,
    ...done,
  });
  const merge = { identifier_to_merge: { external_id: 'bob' }, identifier_to_keep: { external_id: 'ada' } };
  assert.deepEqual(await braze.users.merge({ merge_updates: [merge] }), done);
  const rename = { current_external_id: 'cleo', new_external_id: 'cleopatra' };
  assert.deepEqual(await braze.users.external_ids.rename({ external_id_renames: [rename] }), {
    ...{ rename_errors: [], external_ids: [rename] },
    ...done,
  });
  assert.deepEqual(await braze.users.external_ids.remove({ external_ids: ['cleo'] }), {
    ...{ removed_ids: ['cleo'], removal_errors: [] },
    ...done,
  });
  const exported = await braze.users.export.segment({ segment_id: segment, fields_to_export: ['external_id'] });
  assert.equal(exported.message, 'success');
  const email = ['ada@example.test'];
  for (const changed of [
    await braze.email.blacklist({ email }),
    await braze.email.bounce.remove({ email }),
    await braze.email.spam.remove({ email }),
  ])
    assert.deepEqual(changed, done);
  await assert.rejects(braze.users.export.global_control_group({ fields_to_export: ['external_id'] }), {
    message: /./,
  });
  const people = await braze.users.export.ids({
    external_ids: ['ada', 'bob', 'cleopatra'],
    fields_to_export: ['external_id'],
  });
  assert.deepEqual(
    [people.users, people.invalid_user_ids],
    [[{ external_id: 'ada' }, { external_id: 'cleopatra' }], ['bob']],
  );
});
