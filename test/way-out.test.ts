// Answers name all that is wrong with an object at once, what was probably meant, and the way out.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { audienceChecks } from '../src/audience/grammar/check-filter.ts';
import { messageChecks } from '../src/dispatch/plan/campaign-content.ts';
import { serverSessionName } from '../src/queue/servers.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { commandLine, temporaryFolder } from './support/command-line.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const GOLD = '11111111-1111-4111-8111-111111111111';
const webhook = { url: 'https://example.test/', request_method: 'POST', body: 'a=1' };
const workspace = `
apps: [{ id: ${IOS}, name: iOS, platform: ios }]
segments: [{ id: ${GOLD}, name: Gold, filter: { custom_attribute: { custom_attribute_name: plann, comparison: exists } } }]`;

async function start(t: Parameters<typeof startTestApp>[0], options = {}): Promise<TestApp> {
  const app = await startTestApp(t, options);
  await app.givenWorkspace(workspace);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', plan: 'gold', push_tokens: [] }] });
  return app;
}

const send = (app: TestApp, body: object) => app.post('/messages/send', { external_user_ids: ['ada'], ...body });

test('a refused message is told all its problems at once, and which member was meant', async (t) => {
  const app = await start(t, { worker: false });
  const push = (apple_push: object) => send(app, { messages: { apple_push: { alert: 'Hi', ...apple_push } } });
  const { status, body } = await push({
    badge: 'x',
    buttons: [{ uri: 'acme://x' }, { action_id: 'a', action: 'SHUT' }],
  });
  assert.equal(status, 400);
  assert.deepEqual(body.errors, [
    'messages.apple_push.badge: expected an integer, got a text',
    'messages.apple_push.buttons[0].action_id: is required',
    'messages.apple_push.buttons[1].action: expected one of OPEN_APP, URI, DEEP_LINK, CLOSE',
    'messages.apple_push.category: is required with buttons: one of ab_cat_accept_decline, ab_cat_yes_no, ab_cat_confirm_cancel, ab_cat_more, or one of the app',
  ]);
  const known = await push({ category: 'ab_cat_yes_no', buttons: [{}] });
  assert.deepEqual(known.body.errors, [
    'messages.apple_push.buttons[0].action_id: is required: one of ab_pb_yes, ab_pb_no',
  ]);
  const nested = await send(app, {
    messages: { email: { app_id: IOS, from: 'a@acme.test', subjct: 'x', boddy: 'y' } },
  });
  assert.deepEqual(nested.body.errors, [
    'messages.email.body: is required unless email_template_id is given',
    'messages.email.subjct: not known, ignored; did you mean subject?',
    'messages.email.boddy: not known, ignored; did you mean body?',
  ]);
  const titled = await push({ title: 'Hello', loc_key: 'K' });
  assert.deepEqual(titled.body.cresset.warnings, [
    'messages.apple_push.title: not known, ignored; did you mean alert.title?',
    'messages.apple_push.loc_key: not known, ignored; did you mean alert.loc_key?',
  ]);
});

test('an audience with a filter of segments says where that goes, and a misspelt one what was meant', async (t) => {
  const app = await start(t, { worker: false });
  const problem = async (audience: object) => (await send(app, { messages: { webhook }, audience })).body.errors[0];
  assert.equal(
    await problem({ attribute: { name: 'country', comparison: 'equals', value: 'AT' } }),
    'audience: "attribute" is only known in segments, and an audience has one of AND, OR, custom_attribute, push_subscription_status, email_subscription_status, last_used_app; put it into a segment and name that with segment_id',
  );
  assert.match(await problem({ custom_atribute: {} }), /last_used_app; did you mean custom_attribute\?$/);
  assert.match(
    await problem({ last_used_app: { comparison: 'befor', value: '2026-01-01' } }),
    /^audience\.last_used_app\.comparison: "befor" is not one of .*; did you mean before\?$/,
  );
  assert.match(
    await problem({ last_used_app: { comparision: 'before', value: '2026-01-01' } }),
    /comparision: unknown member; comparison, value are known; did you mean comparison\?$/,
  );
  const plan = { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' };
  const eq = await problem({ custom_attribute: { ...plan, comparison: 'eq' } });
  assert.match(eq, /^audience\.custom_attribute\.comparison: "eq" is not one of .*; did you mean equals\?$/);
  const state = { comparison: '!=', value: 'opted_in' };
  assert.match(await problem({ email_subscription_status: state }), /is not one of is, is_not; did you mean is_not\?$/);
  assert.match(
    await problem({ custom_attribute: { name: 'plan', comparison: 'equals', value: 'gold' } }),
    /^audience\.custom_attribute\.name: unknown member; .* are known; did you mean custom_attribute_name\?$/,
  );
  const two = { custom_attribute: plan, email_subscription_status: state };
  assert.equal(
    await problem({ OR: [two] }),
    'audience.OR[0]: expected exactly one member, got 2; filters that must all fit stand in a list: { "AND": [{ "custom_attribute": … }, { "email_subscription_status": … }] }',
  );
  assert.equal(
    await problem(plan),
    'audience: expected exactly one member, got 3; a filter stands under its kind, such as { "custom_attribute": { "custom_attribute_name": …, "comparison": …, "value": … } }',
  );
  const filter = { name: 'country', comparison: 'eq', value: 'AT' };
  const preview = await app.post('/audience/preview', { filter });
  assert.deepEqual(preview.body.errors, [
    'filter: expected exactly one member, got 3; a filter stands under its kind, such as { "attribute": { "name": …, "comparison": …, "value": … } }',
  ]);
});

test('a filter by a custom attribute that nobody ever had is a warning of sends and dry runs', async (t) => {
  const app = await start(t, { worker: false });
  const named = (name: string) => ({ custom_attribute: { custom_attribute_name: name, comparison: 'exists' } });
  const audience = { OR: [named('plan'), named('plna'), named('zzz')] };
  const warnings = [
    'audience.OR[1].custom_attribute: nobody ever had a custom attribute "plna"; did you mean plan?',
    'audience.OR[2].custom_attribute: nobody ever had a custom attribute "zzz"',
  ];
  for (const cresset of [{}, { dry_run: true }])
    assert.deepEqual((await send(app, { messages: { webhook }, audience, cresset })).body.cresset, { warnings });
  const { body } = await send(app, { messages: { webhook }, segment_id: GOLD });
  assert.deepEqual(body.cresset.warnings, [
    'segment_id: segment.custom_attribute: nobody ever had a custom attribute "plann"; did you mean plan?',
  ]);
  assert.equal((await send(app, { messages: { webhook }, audience: named('plan') })).body.cresset, undefined);
});

test('/users/track warns of countries and time zones that nobody knows, and tells all problems of a purchase', async (t) => {
  const app = await start(t, { worker: false });
  const { status, body } = await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', country: 'Austria', time_zone: 'Vienna' },
      { external_id: 'bob', country: 'Österreich', time_zone: 'Vienna, Austria', x: 1 },
    ],
    purchases: [{ external_id: 'ada', currency: 'EURO', price: 'x', quantity: 0, time: 'now', properties: 1 }],
  });
  assert.equal(status, 201);
  assert.deepEqual(body.cresset.warnings, [
    'attributes[1].country: expected a code of two letters (ISO 3166-1) such as AT, or the English name of a country; did you mean AT? the person has no country now',
    'attributes[1].time_zone: expected the name of a time zone such as Europe/Vienna; the stored one stays',
  ]);
  assert.deepEqual(
    body.errors.map(({ type, index, input_array: array }: { type: string; index: number; input_array: string }) => {
      assert.deepEqual([index, array], [0, 'purchases']);
      return type.split(':')[0];
    }),
    ['product_id', 'currency', 'price', "'quantity' is not valid", 'time', 'properties'],
  );
});

test('/users/track warns of custom attributes that were meant to be members, and a 400 names the array that was meant', async (t) => {
  const app = await start(t, { worker: false });
  const { status, body } = await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', emial: 'a@acme.test', push_token: 'x', custom_attributes: { a: 1 }, first_nam: 'A' },
      {
        external_id: 'bob',
        plan: 'gold',
        email_verified: true,
        last_order: 1,
        city: 'Rome',
        genre: 'rock',
        names: 'x',
      },
    ],
  });
  assert.deepEqual([status, body.errors], [201, undefined]);
  const stored = (name: string, what: string) => `attributes[0].${name}: stored as a custom attribute; ${what}`;
  assert.deepEqual(body.cresset.warnings, [
    stored('emial', 'did you mean email?'),
    stored('push_token', 'no message goes to it; did you mean push_tokens?'),
    stored('custom_attributes', 'it is stored as one attribute; custom attributes stand beside external_id'),
    stored('first_nam', 'did you mean first_name?'),
  ]);
  const one = [{ external_id: 'ada' }];
  for (const [given, type] of [
    [{ users: one }, 'users: not known, ignored; did you mean attributes?'],
    [{ atributes: one }, 'atributes: not known, ignored; did you mean attributes?'],
    [{ things: one }, 'things: not known, ignored; expected attributes, events, purchases'],
  ] as const) {
    const refused = await app.post('/users/track', given);
    assert.deepEqual([refused.status, refused.body.errors], [400, [{ type }]]);
  }
});

test('a dispatch and its verdicts say that no worker is running, and no more once one is', async (t) => {
  const app = await start(t, { worker: false });
  const { dispatch_id: id } = (await send(app, { messages: { webhook } })).body;
  const why = 'no worker of the lane "named" is running: what is accepted waits';
  assert.equal((await app.get(`/dispatches/${id}`)).body.failure, why);
  await app.startAnotherWorker({ lanes: ['named'] });
  await app.drain();
  const { state, failure } = (await app.get(`/dispatches/${id}`)).body;
  assert.deepEqual([state, failure], ['finished', undefined]);
});

test('a server that has just been started says that its worker is starting, and that is no problem', async (t) => {
  const app = await start(t, { worker: false });
  const server = await app.db.listen('nothing', () => undefined, serverSessionName(['worker']));
  const { dispatch_id: id } = (await send(app, { messages: { webhook } })).body;
  const whyOf = (lane: string) => `a worker of the lane "${lane}" is starting: what is accepted goes out once it has`;
  const status = (await app.get('/status')).body;
  assert.deepEqual([status.problems, status.waits], [[], [whyOf('named'), whyOf('broadcast')]]);
  const dispatch = (await app.get(`/dispatches/${id}`)).body;
  assert.deepEqual(
    [dispatch.failure, dispatch.waits],
    [undefined, [{ channel: null, why: whyOf('named'), until: null }]],
  );
  await server.stop();
  for (let looks = 0; (await app.get('/status')).body.waits.length > 0; looks += 1) assert.ok(looks < 1_000);
  assert.match((await app.get(`/dispatches/${id}`)).body.failure, /^no worker of the lane "named" is running/);
});

test('a schedule that was deleted or has fired says so when it is changed or deleted, with its dispatch', async (t) => {
  const app = await start(t);
  const messages = '{ webhook: { url: "https://example.test/", request_method: POST } }';
  await app.givenWorkspace(`campaigns: [{ id: reminder, name: R, kind: api_triggered, messages: ${messages} }]`);
  const at = (time: string) => ({ schedule: { time } });
  const create = async (time: string): Promise<string> => {
    const body = { external_user_ids: ['ada'], messages: { webhook }, ...at(time) };
    return (await app.post('/messages/schedule/create', body)).body.schedule_id;
  };
  const deleted = await create('2026-05-01T00:00:00Z');
  await app.post('/messages/schedule/delete', { schedule_id: deleted });
  const past = 'schedule_id does not name a pending schedule;';
  const problemsOf = async (path: string, body: object): Promise<string[]> => {
    const reply = await app.post(path, body);
    assert.deepEqual([reply.status, reply.body.message], [400, 'Bad Request'], JSON.stringify(reply.body));
    return reply.body.errors;
  };
  const change = (schedule_id: string) =>
    problemsOf('/messages/schedule/update', { schedule_id, ...at('2026-06-01T00:00:00Z') });
  const remove = (schedule_id: string) => problemsOf('/messages/schedule/delete', { schedule_id });
  assert.deepEqual(await change(deleted), [`${past} it was deleted`]);

  const due = new Date(app.clock.now().getTime() + 60_000);
  const sent = await create(due.toISOString());
  const trigger = { campaign_id: 'reminder', recipients: [{ external_user_id: 'ada' }], ...at(due.toISOString()) };
  const triggered = (await app.post('/campaigns/trigger/schedule/create', trigger)).body;
  const local = { external_user_ids: ['ada'], messages: { webhook } };
  const lasts = new Date(due.getTime() + 3_600_000).toISOString().slice(0, 19);
  const byClock = { schedule: { time: lasts, in_local_time: true } };
  const timed = (await app.post('/messages/schedule/create', { ...local, ...byClock })).body;
  app.clock.advance(61_000);
  await app.drain();
  const fired = (id: string) => {
    const firedAt = app.clock.now().toISOString();
    return `${past} it fired at ${firedAt} as dispatch ${id.replaceAll('-', '')} and can no longer be`;
  };
  assert.deepEqual(await change(sent), [`${fired(sent)} changed`]);
  assert.deepEqual(await remove(sent), [`${fired(sent)} deleted`]);
  const { schedule_id } = triggered;
  const ids = { campaign_id: 'reminder', schedule_id };
  const changed = await problemsOf('/campaigns/trigger/schedule/update', { ...ids, ...at('2026-06-01T00:00:00Z') });
  assert.deepEqual(changed, [`${fired(triggered.dispatch_id)} changed`]);
  const removed = await problemsOf('/campaigns/trigger/schedule/delete', ids);
  assert.deepEqual(removed, [`${fired(triggered.dispatch_id)} deleted`]);

  const [lasting] = await change(timed.schedule_id);
  const until = new Date(Date.parse(`${lasts}Z`) + 12 * 3_600_000).toISOString();
  const firedTimed = lasting?.slice(0, lasting.indexOf(' and can'));
  assert.match(
    firedTimed ?? '',
    /^schedule_id does not name a pending schedule; it fired at 2026-\S+ as dispatch \w{32}$/,
  );
  assert.equal(
    lasting,
    `${firedTimed} and can no longer be changed; until ${until} it can be deleted for those whose time has not come`,
  );
  assert.equal((await app.post('/messages/schedule/delete', { schedule_id: timed.schedule_id })).status, 201);
  const cancelled = `${firedTimed}, which was cancelled, and can no longer be`;
  assert.deepEqual(await change(timed.schedule_id), [`${cancelled} changed`]);
  assert.deepEqual(await remove(timed.schedule_id), [`${cancelled} deleted`]);
});

test('cresset apply tells slips, and schedules that use what the file archives', async (t) => {
  const app = await start(t, { worker: false });
  await app.post('/messages/schedule/create', {
    ...{ broadcast: true, segment_id: GOLD, messages: { webhook } },
    schedule: { time: '2026-05-01T00:00:00Z' },
  });
  const file = join(temporaryFolder(t), 'workspace.yaml');
  writeFileSync(
    file,
    `
email: { footer: Bye }
segments:
  - { id: ${GOLD}, name: Gold, archived: true, filter: { email_available: true } }
  - { id: 22222222-2222-4222-8222-222222222222, name: Austrians, filter: { attribute: { name: country, comparison: equals, value: Austria } } }
campaigns:
  - { id: c, name: Hello, kind: api_triggered, messages: { webhook: { url: "https://example.test/", request_methode: GET, request_method: POST, body: "Hi {{first_name}}" } } }
`,
  );
  const env = { DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret };
  const { code, out, errors } = await commandLine(env, { ...audienceChecks, ...messageChecks })(
    'apply',
    '--json',
    file,
  );
  assert.equal(code, 0, errors);
  assert.deepEqual(JSON.parse(out).warnings, [
    'segments[1].filter.attribute.value: country is stored as two capital letters, such as AT; did you mean AT?',
    'campaigns[0].messages.webhook.body: {{first_name}} renders to nothing; did you mean {{${first_name}}}?',
    'campaigns[0].messages.webhook.request_methode: not known, ignored; did you mean request_method?',
    'segments[0].archived: a schedule uses it, which will fail; the first one is due at 2026-05-01T00:00:00.000Z',
  ]);
});

test('a write to a catalog names the wrong fields, and a template names items that nobody has', async (t) => {
  const app = await start(t, { worker: false });
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'price', type: 'number' },
    { name: 'stock', type: 'number' },
  ];
  await app.post('/catalogs', { catalogs: [{ name: 'shop', description: '', fields }] });
  const write = async (item: object) =>
    (await app.post('/catalogs/shop/items', { items: [{ id: 'a', ...item }] })).body;
  const { errors } = await write({ price: 'x', stock: 'y', colour: 'red', size: 1 });
  assert.deepEqual(
    errors.map(({ id, fields: named }: { id: string; fields: string[] }) => [id, named]),
    [
      ['unable-to-coerce-value', ['price', 'stock']],
      ['invalid-fields', ['colour', 'size']],
    ],
  );
  await write({ price: 1 });
  const body = 'x={% catalog_items shop a b %}{{ items[0].price }}{% catalog_items shop {{${user_id}}} %}';
  const { body: answer } = await send(app, { messages: { webhook: { ...webhook, body } } });
  assert.deepEqual(answer.cresset?.warnings, ['messages.webhook.body: catalog shop has no item b']);
});

test('the inclusions of a content block count campaigns that are not archived', async (t) => {
  const app = await start(t, { worker: false });
  const { content_block_id: id } = (await app.post('/content_blocks/create', { name: 'footer', content: 'Bye' })).body;
  const campaign = (body: string, archived: boolean) =>
    app.givenWorkspace(`campaigns: [{ id: hello, name: Hello, kind: api_triggered, archived: ${archived},
      messages: { webhook: { url: "https://example.test/", request_method: POST, body: "${body}" } } }]`);
  const included = async () => {
    const { body } = await app.get(`/content_blocks/info?content_block_id=${id}&include_inclusion_data=true`);
    const [listed] = (await app.get('/content_blocks/list')).body.content_blocks;
    assert.equal(listed.inclusion_count, body.inclusion_count);
    return body.inclusion_data;
  };
  assert.deepEqual(await included(), []);
  await campaign('{{content_blocks.${footer}}}', false);
  assert.deepEqual(await included(), ['hello']);
  await campaign('{{content_blocks.${footer}}}', true);
  assert.deepEqual(await included(), []);
  await campaign('content_blocks', false);
  assert.deepEqual(await included(), []);
});
