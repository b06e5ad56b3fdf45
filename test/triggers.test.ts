// Triggered sends: the messages of campaigns, with properties and attributes for each person.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const GROUP = '55555555-5555-4555-8555-555555555555';
const FANS = '11111111-1111-4111-8111-111111111111';
const PATH = '/campaigns/trigger/send';

const workspace = `
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups: [{ id: ${GROUP}, name: News, channel: email }]
segments:
  - { id: ${FANS}, name: Fans, filter: { custom_attribute: { custom_attribute_name: fan, comparison: equals, value: true } } }
campaigns:
  - id: order
    name: Order shipped
    kind: api_triggered
    messages: &messages
      email:
        app_id: ${APP}
        from: "Acme <hello@acme.test>"
        subject: "{{\${first_name}}}: {{api_trigger_properties.\${a}}}/{{api_trigger_properties.\${o}.x}}/{{api_trigger_properties.\${o}.y}}"
        body: "<p>{{context.\${items[0].name}}}|{{canvas.\${name}}}|{{campaign.\${name}}}</p>"
    canvas: { id: 22222222-2222-4222-8222-22222222222A, name: Orders }
  - { id: fans, name: For fans, kind: api_triggered, segment_id: ${FANS}, messages: *messages }
  - { id: paused, name: Paused, kind: api_triggered, paused: true, messages: *messages }
  - { id: archived, name: Archived, kind: api_triggered, archived: true, messages: *messages }
  - { id: draft, name: Draft, kind: api_triggered }
  - { id: api, name: API, kind: api }
  - { id: receipt, name: Receipt, kind: transactional, messages: *messages }
  - { id: receipt-paused, name: Receipt, kind: transactional, paused: true, messages: *messages }
  - { id: receipt-archived, name: Receipt, kind: transactional, archived: true, messages: *messages }
`;

async function start(...options: Parameters<typeof startTestApp>): Promise<TestApp> {
  const app = await startTestApp(...options);
  await app.givenWorkspace(workspace);
  const { body } = await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'Ada', email: 'ada@example.test', fan: true },
      { external_id: 'bob', first_name: 'Bob', email: 'bob@example.test' },
      { external_id: 'old', first_name: 'Old', email: 'shared@example.test' },
      { external_id: 'new', first_name: 'New', email: 'Shared@example.test' },
    ],
  });
  assert.equal(body.message, 'success');
  await app.post('/users/alias/new', {
    user_aliases: [{ external_id: 'ada', alias_name: 'a1', alias_label: 'shop' }],
  });
  return app;
}

const steps: [name: string, run: (app: TestApp) => Promise<void>][] = [];

/** A test on the one app of this file, after those above it. */
function step(name: string, run: (app: TestApp) => Promise<void>): void {
  steps.push([name, run]);
}

/** The subjects of the mails that a trigger leads to, in the order of the addresses. */
async function subjects(app: TestApp, body: object, path = PATH): Promise<string[]> {
  await app.drain();
  await app.db.run(sql`delete from sandbox_messages`);
  const answer = await app.post(path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  await app.drain();
  return mails(app);
}

/** The address and subject of each mail in the sandbox, sorted. */
async function mails(app: TestApp): Promise<string[]> {
  const { body } = await app.get('/sandbox/messages');
  const found: { address: string; message: { subject: string } }[] = body.messages;
  return found.map(({ address, message }) => `${address} ${message.subject}`).sort();
}

/** Warnings but those of trigger properties that a campaign's messages read and nobody gave. */
function besideMissing(warnings: readonly string[]): string[] {
  return warnings.filter((one) => !/ is empty for everybody: no trigger property "[^"]+" is given$/.test(one));
}

step('a trigger sends the messages of its campaign, with the properties of each person', async (app) => {
  const ada = { external_user_id: 'ada' };
  const answer = await app.post(PATH, { campaign_id: 'order', recipients: [ada] });
  assert.deepEqual(Object.keys(answer.body), ['dispatch_id', 'message', 'cresset']);
  const [subject, body_] = ['subject', 'body'].map((part) => `campaign order.messages.email.${part}`);
  const missing = (path = '', name: string, meant = '') =>
    `${path}: {{${name}}} is empty for everybody: no trigger property "${/\{(.*)\}/.exec(name)?.[1]}" is given${meant}`;
  const ofItems = missing(body_, `context.\${items[0].name}`);
  assert.deepEqual(answer.body.cresset.warnings, [
    missing(subject, `api_trigger_properties.\${a}`),
    missing(subject, `api_trigger_properties.\${o}`),
    ofItems,
  ]);
  const near = { campaign_id: 'order', trigger_properties: { a: 1, itemz: [] }, recipients: [ada] };
  const tried = await app.post(PATH, {
    ...{ ...near, recipients: [{ ...ada, trigger_properties: { o: {} } }], cresset: { dry_run: true } },
  });
  assert.deepEqual(tried.body.cresset.warnings, [ofItems]);
  await app.drain();
  const { body } = await app.get(`/dispatches/${answer.body.dispatch_id}`);
  assert.deepEqual([body.state, body.campaign_id, body.counts.recipients], ['finished', 'order', 1]);

  const common = { a: 1, o: { x: 1 } };
  const own = { o: { y: 2 } };
  const { braze_id } = (await app.post('/users/export/ids', { external_ids: ['bob'], fields_to_export: ['braze_id'] }))
    .body.users[0];
  const rows: [what: string, body: object, expected: string[]][] = [
    [
      'a person’s property takes the place of the common one, whole',
      { trigger_properties: common, recipients: [{ external_user_id: 'ada', trigger_properties: own }] },
      ['ada@example.test Ada: 1//2'],
    ],
    [
      'each person has their own',
      {
        trigger_properties: common,
        recipients: [
          { external_user_id: 'ada', trigger_properties: { a: 2 } },
          { external_user_id: 'bob', trigger_properties: { a: null, o: 7 } },
        ],
      },
      ['ada@example.test Ada: 2/1/', 'bob@example.test Bob: //'],
    ],
    [
      'whoever is named several times gets one message with the properties of the last',
      {
        recipients: [
          { external_user_id: 'ada', trigger_properties: { a: 1 } },
          { external_user_id: 'bob', trigger_properties: { a: 5 } },
          { external_user_id: 'ada', trigger_properties: { a: 2 } },
          { user_alias: { alias_name: 'a1', alias_label: 'shop' }, trigger_properties: { a: 3 } },
        ],
      },
      ['ada@example.test Ada: 3//', 'bob@example.test Bob: 5//'],
    ],
    ['a braze id', { recipients: [{ braze_id }, { braze_id: 'nobody' }] }, ['bob@example.test Bob: //']],
    ['an address of one person', { recipients: [{ email: 'BOB@example.test' }] }, ['bob@example.test Bob: //']],
    ['an address of several people', { recipients: [{ email: 'shared@example.test' }] }, []],
    [
      'texts for objects and flags',
      {
        trigger_properties: '',
        broadcast: 'false',
        recipients: { external_user_id: 'bob', send_to_existing_only: 'true' },
      },
      ['bob@example.test Bob: //'],
    ],
  ];
  for (const [what, more, expected] of rows)
    assert.deepEqual(await subjects(app, { campaign_id: 'order', ...more }), expected, what);

  await app.post('/users/track', { attributes: [{ external_id: 'new', seen: true }] });
  app.clock.advance(1_000);
  await app.post('/users/track', { attributes: [{ external_id: 'old', seen: true }] });
  const recipients = [{ email: 'shared@example.test', prioritization: ['identified', 'most_recently_updated'] }];
  assert.deepEqual(await subjects(app, { campaign_id: 'order', recipients }), ['shared@example.test Old: //']);
});

step(
  'a trigger reaches only the people of the campaign’s segment, and a broadcast reaches all of them',
  async (app) => {
    const recipients = [{ external_user_id: 'ada' }, { external_user_id: 'bob' }];
    const ada = ['ada@example.test Ada: //'];
    assert.deepEqual(await subjects(app, { campaign_id: 'fans', recipients }), ada);
    assert.deepEqual(await subjects(app, { campaign_id: 'fans', broadcast: true }), ada);
    assert.deepEqual(await subjects(app, { campaign_id: 'fans', broadcast: true, trigger_properties: { a: 'x' } }), [
      'ada@example.test Ada: x//',
    ]);
    const audience = (comparison: string) => ({ email_subscription_status: { comparison, value: 'subscribed' } });
    assert.deepEqual(
      await subjects(app, { campaign_id: 'fans', audience: audience('is') }),
      ada,
      'narrows the segment',
    );
    assert.deepEqual(await subjects(app, { campaign_id: 'fans', audience: audience('is_not') }), []);
    assert.deepEqual(await subjects(app, { campaign_id: 'order', recipients, audience: audience('is_not') }), []);
    assert.equal(
      (await subjects(app, { campaign_id: 'order', broadcast: true, audience: audience('is') })).length,
      3,
      'two people share an address',
    );

    const refusals: [body: object, message: string, error: string][] = [
      [{ campaign_id: 'order', broadcast: true }, 'No Recipients', 'broadcast: needs an audience'],
      [{ campaign_id: 'order', audience: audience('is') }, 'Bad Request', 'broadcast: must be true'],
      [{ campaign_id: 'fans' }, 'No Recipients', 'recipients, broadcast: expected recipients'],
      [{ campaign_id: 'fans', recipients: [] }, 'No Recipients', 'recipients, broadcast: expected recipients'],
      [{ campaign_id: 'fans', recipients, broadcast: true }, 'Bad Request', 'broadcast: must not be true'],
    ];
    for (const [body, message, error] of refusals) await refused(app, body, message, error);
  },
);

async function refused(app: TestApp, body: unknown, message: string, error: string, path = PATH): Promise<void> {
  const answer = await app.post(path, body);
  assert.equal(answer.status, 400, JSON.stringify(body));
  assert.equal(answer.body.message, message);
  assert.ok(answer.body.errors[0].startsWith(error), `${answer.body.errors[0]} ≠ ${error}`);
}

step(
  'attributes are stored before the message is made, and make new people only where that is asked for',
  async (app) => {
    const send = (recipient: object) => subjects(app, { campaign_id: 'order', recipients: [recipient] });
    assert.deepEqual(await send({ external_user_id: 'io' }), [], 'an unknown person');
    const attributes = { first_name: 'Io', email: 'io@example.test' };
    assert.deepEqual(await send({ external_user_id: 'io', attributes }), [], 'attributes alone make nobody');
    const creating = { send_to_existing_only: false, attributes };
    assert.deepEqual(await send({ external_user_id: 'io', ...creating }), ['io@example.test Io: //']);
    const renamed = {
      external_id: 'io',
      first_name: 'Iona',
      subscription_groups: [{ subscription_group_id: GROUP, subscription_state: 'subscribed' }],
    };
    assert.deepEqual(await send({ external_user_id: 'io', attributes: renamed }), ['io@example.test Iona: //']);
    const groups = await app.db.query(sql`select group_id, state from subscription_states`);
    assert.deepEqual(groups, [{ group_id: GROUP, state: 'subscribed' }]);
    const byEmail = { email: 'eve@example.test', send_to_existing_only: false, attributes: { first_name: 'Eve' } };
    assert.deepEqual(await send(byEmail), ['eve@example.test Eve: //']);
    assert.deepEqual(await send({ ...byEmail, attributes: { first_name: 'Eva' } }), ['eve@example.test Eva: //']);
    assert.deepEqual(await send({ email: 'shared@example.test', attributes: { first_name: 'X' } }), []);
    const names = await app.db.query<{ first_name: string }>(sql`select first_name from profiles order by first_name`);
    assert.deepEqual(
      names.map(({ first_name }) => first_name),
      ['Ada', 'Bob', 'Eva', 'Iona', 'New', 'Old'],
    );

    const answer = await app.post(PATH, {
      campaign_id: 'order',
      recipients: [{ external_user_id: 'bob', attributes: { gender: 'q', first_name: 'Rob' } }],
    });
    assert.equal(answer.status, 201);
    const [about, ...more] = besideMissing(answer.body.cresset.warnings);
    assert.match(about ?? '', /^recipients\[0\]\.attributes: gender/);
    assert.deepEqual(more, []);
    const problems: [recipient: object, error: string][] = [
      [{ external_user_id: 'bob', send_to_existing_only: false }, 'recipients[0].send_to_existing_only: false needs'],
      [
        { user_alias: { alias_name: 'a1', alias_label: 'shop' }, ...creating },
        'recipients[0].send_to_existing_only: false is not for aliases',
      ],
      [{ external_user_id: 'bob', attributes: { email: 'nonsense' } }, 'recipients[0].attributes: The value provided'],
      [{ external_user_id: 'bob', attributes: { external_id: 'ada' } }, 'recipients[0].attributes: external_id:'],
      [
        { external_user_id: 'bob', attributes: { _update_existing_only: false } },
        'recipients[0].attributes: _update_existing_only: expected true, as send_to_existing_only says',
      ],
      [
        { external_user_id: 'bob', attributes: { user_alias: 'a1' } },
        'recipients[0].attributes: user_alias: expected an object',
      ],
      [
        {
          user_alias: { alias_name: 'a1', alias_label: 'shop' },
          attributes: { user_alias: { alias_name: 'a2', alias_label: 'shop' } },
        },
        "recipients[0].attributes: user_alias: expected the recipient's own alias",
      ],
      [{ external_user_id: 'bob', attributes: 'x' }, 'recipients[0].attributes: expected an object'],
    ];
    for (const [recipient, error] of problems)
      await refused(app, { campaign_id: 'order', recipients: [recipient] }, 'Bad Request', error);
  },
);

step('an address beside another identifier names nobody and is stored nowhere', async (app) => {
  const bob = 'bob@example.test';
  const alias = { user_alias: { alias_name: 'a1', alias_label: 'shop' } };
  const rows: [recipient: object, by: string, expected: RegExp[]][] = [
    // As Segment's default mapping sends it.
    [{ external_user_id: 'ada', email: 'ada@example.test' }, 'external_user_id', [/^ada@/]],
    [{ external_user_id: 'ada', email: bob, prioritization: ['identified'] }, 'external_user_id', [/^ada@/]],
    [{ external_user_id: 'nobody', email: bob }, 'external_user_id', []],
    [{ external_user_id: 'ada', email: 'no address' }, 'external_user_id', [/^ada@/]],
    [{ ...alias, email: bob }, 'user_alias', [/^ada@/]],
  ];
  for (const [recipient, by, expected] of rows) {
    await app.drain();
    await app.db.run(sql`delete from sandbox_messages`);
    const answer = await app.post(PATH, { campaign_id: 'order', recipients: [recipient] });
    const said = JSON.stringify([recipient, answer.body]);
    assert.equal(answer.status, 201, said);
    assert.deepEqual(
      besideMissing(answer.body.cresset.warnings),
      [`recipients[0].email: is ignored; ${by} says who it is`],
      said,
    );
    await app.drain();
    const sent = await mails(app);
    assert.equal(sent.length, expected.length, said);
    for (const [at, pattern] of expected.entries()) assert.match(sent[at] ?? '', pattern, said);
  }
  const { body } = await app.post('/users/export/ids', { external_ids: ['ada'], fields_to_export: ['email'] });
  assert.deepEqual(body.users, [{ email: 'ada@example.test' }]);
});

step('a trigger that is refused for its rate stores no attributes', async (app) => {
  const now = app.clock.now();
  app.clock.advance(1_000);
  await app.givenWorkspace('rate_limits: { default: 0 }');
  const recipients = [{ external_user_id: 'ada', attributes: { first_name: 'Ada' } }];
  const answer = await app.post(PATH, { campaign_id: 'order', recipients });
  assert.equal(answer.status, 429);
  await app.givenWorkspace('rate_limits: {}');
  assert.deepEqual(await app.db.query(sql`select 1 from profiles where updated_at > ${now}`), []);
  const before = Number(
    (await app.post(PATH, { campaign_id: 'order', recipients })).headers.get('x-ratelimit-remaining'),
  );
  const after = await app.post(PATH, { campaign_id: 'order', recipients: [{ external_user_id: 'ada' }] });
  assert.equal(Number(after.headers.get('x-ratelimit-remaining')), before - 1, 'each is counted once');
});

step('bad triggers are refused, each with what is wrong', async (app) => {
  const now = app.clock.now();
  app.clock.advance(60_000);
  const one = [{ external_user_id: 'ada' }];
  const missing = 'campaign_id must be a string of the campaign api identifier';
  const rows: [body: object, message: string, error: string][] = [
    [{ recipients: one }, missing, 'campaign_id: expected the id'],
    [{ campaign_id: 5, recipients: one }, missing, 'campaign_id: expected the id'],
    [{ campaign_id: 'nothing', recipients: one }, 'Invalid Campaign ID', 'campaign_id: does not name an API-triggered'],
    [{ campaign_id: 'api', recipients: one }, 'Invalid Campaign ID', 'campaign_id: does not name'],
    [{ campaign_id: 'receipt', recipients: one }, 'Invalid Campaign ID', 'campaign_id: does not name'],
    [{ campaign_id: 'draft', recipients: one }, 'No message to send', 'campaign draft: expected messages'],
    [
      { campaign_id: 'archived', recipients: one },
      'The campaign is archived. Unarchive the campaign in order for trigger requests to take effect.',
      'campaign_id: the campaign "Archived"',
    ],
    [
      { campaign_id: 'paused', recipients: one },
      'The campaign is paused. Resume the campaign in order for trigger requests to take effect.',
      'campaign_id: the campaign "Paused"',
    ],
    [
      { campaign_id: 'order', recipients: Array(51).fill(one[0]) },
      'The max number of ids per request was exceeded',
      'recipients: expected at most 50, got 51',
    ],
    ...(
      [
        [{ recipients: ['ada'] }, 'recipients[0]: expected an object'],
        [{ recipients: 'ada' }, 'recipients: expected an array of objects'],
        [
          { recipients: [{}] },
          'recipients[0]: expected exactly one of external_user_id, user_alias, braze_id, email, got none',
        ],
        [
          { recipients: [{ external_id: 'ada' }] },
          'recipients[0]: expected exactly one of external_user_id, user_alias, braze_id, email, got none; did you mean external_user_id?',
        ],
        [
          { recipients: [{ external_user_id: 'ada', braze_id: 'x', email: 'a@b.test' }] },
          'recipients[0]: expected exactly one of external_user_id, user_alias, braze_id, email, got external_user_id, braze_id, email',
        ],
        [
          { recipients: [{ external_user_id: true, email: 'a@b.test' }] },
          'recipients[0].external_user_id: expected a non-empty text',
        ],
        [
          { recipients: [{ user_alias: { alias_name: 'x' } }] },
          'recipients[0].user_alias: expected alias_name and alias_label',
        ],
        [{ recipients: [{ email: 'x' }] }, 'recipients[0].email: expected a valid email address'],
        [
          { recipients: [{ email: 'a@b.test', prioritization: ['x'] }] },
          'recipients[0].prioritization: expected identified',
        ],
        [{ recipients: [{ external_user_id: true }] }, 'recipients[0].external_user_id: expected a non-empty text'],
        [{ recipients: one, trigger_properties: 'x' }, 'trigger_properties: expected an object'],
        [
          { recipients: one, trigger_properties: { x: 'é'.repeat(25_600) } },
          'trigger_properties: expected at most 51200 bytes as JSON, got 51208',
        ],
        [
          { recipients: [{ ...one[0], trigger_properties: { x: 'a'.repeat(51_200) } }] },
          'recipients[0].trigger_properties: expected at most 51200 bytes',
        ],
        [{ recipients: one, external_user_ids: ['bob'] }, 'external_user_ids: belongs to /messages/send'],
        [{ recipients: one, segment_id: FANS }, 'segment_id: is not known here'],
        [{ recipients: one, messages: { email: {} } }, 'messages: belongs to /messages/send'],
        [{ recipients: one, attachments: 'x' }, 'attachments: expected an array of objects'],
        [{ recipients: one, audience: {} }, 'audience: expected a connected audience object'],
        [{ recipients: one, audience: { AND: [] } }, 'audience.AND'],
        [{ recipients: one, send_id: 'mine' }, 'send_id: was not created for this campaign'],
        [{ recipients: one, cresset: { x: 1 } }, 'cresset.x: unknown member'],
      ] as [object, string][]
    ).map(([body, error]): [object, string, string] => [{ campaign_id: 'order', ...body }, 'Bad Request', error]),
  ];
  for (const [body, message, error] of rows) await refused(app, body, message, error);
  assert.deepEqual(await app.db.query(sql`select 1 from dispatches where accepted_at > ${now}`), []);
  const slip = await app.post(PATH, { campaign_id: 'order', trigger_propertys: {}, recipients: one });
  assert.deepEqual(besideMissing(slip.body.cresset.warnings), [
    'trigger_propertys: not known, ignored; did you mean trigger_properties?',
  ]);
});

step(
  'a dry run tells what a trigger would send, an idempotency key repeats its answer, and keys need permission',
  async (app) => {
    const recipients = [
      { external_user_id: 'ada', trigger_properties: { a: 1 }, attributes: { first_name: 'X' } },
      { external_user_id: 'nobody' },
      { email: 'shared@example.test' },
    ];
    const dry = await app.post(PATH, { campaign_id: 'order', recipients, cresset: { dry_run: true } });
    assert.equal(dry.body.samples[0].message.subject, 'Ada: 1//');
    assert.deepEqual(besideMissing(dry.body.cresset.warnings), ['attributes are not stored in a dry run']);
    const [nobody, shared] = dry.body.recipients;
    assert.deepEqual([nobody.external_id, nobody.reason], ['nobody', 'unknown_user']);
    assert.deepEqual([shared.email, shared.reason], ['shared@example.test', 'unknown_user']);

    const request = { campaign_id: 'order', recipients: [{ external_user_id: 'ada' }] };
    const headers = { 'idempotency-key': 'k1' };
    const [first, second] = [await app.post(PATH, request, { headers }), await app.post(PATH, request, { headers })];
    assert.deepEqual(second.body, first.body);
    assert.equal(second.headers.get('idempotency-replayed'), 'true');
    const found = (await app.get('/dispatches?idempotency_key=k1')).body.dispatches;
    assert.deepEqual(
      found.map((one: { dispatch_id: string }) => one.dispatch_id),
      [first.body.dispatch_id],
    );
    const refused = await app.post('/transactional/v1/campaigns/receipt/send', request, { headers });
    assert.match(refused.body.errors[0], /^Idempotency-Key: .* has external_send_id in its body instead$/);
    const wrong = await app.post('/messages/send', { external_user_ids: ['ada'], campaign_id: 'order', messages: {} });
    assert.equal(wrong.status, 400);
    const send = { external_user_ids: ['ada'], campaign_id: 'order', messages: { sms: { body: 'x' } } };
    assert.match((await app.post('/messages/send', send)).body.errors[0], /; it is api_triggered: trigger it$/);
    const key = await app.givenKey({ permissions: ['messages.send'] });
    for (const path of [PATH, '/canvas/trigger/send', '/transactional/v1/campaigns/receipt/send'])
      assert.equal((await app.post(path, request, { key })).status, 403, path);
  },
);

step('broadcasts have buckets of their own, and one for each audience', async (app) => {
  app.clock.advance(60_000);
  const body = { campaign_id: 'fans', broadcast: true };
  const statuses = [];
  for (let n = 0; n < 11; n += 1) statuses.push((await app.post(PATH, body)).status);
  assert.deepEqual(statuses, [...Array(10).fill(201), 429]);
  const named = await app.post(PATH, { campaign_id: 'fans', recipients: [{ external_user_id: 'ada' }] });
  assert.deepEqual([named.status, named.headers.get('x-ratelimit-limit')], [201, '250000']);
});

step('a dispatch keeps the content it was accepted with, and the next trigger has the new one', async (app) => {
  const recipients = [{ external_user_id: 'ada', trigger_properties: { a: 1 } }];
  const { body } = await app.post(PATH, { campaign_id: 'order', recipients });
  await app.givenWorkspace(workspace.replace('{{${first_name}}}:', 'New for {{${first_name}}}:'));
  assert.deepEqual(await subjects(app, { campaign_id: 'order', recipients }), ['ada@example.test New for Ada: 1//']);
  const stored = await app.db.query(sql`
    select request #>> '{messages,email,subject}' as subject from dispatches where id = ${body.dispatch_id}::uuid`);
  assert.match(String(stored[0]?.subject), /^\{\{\$\{first_name\}\}\}:/);
});

test('triggered sends', async (t) => {
  const app = await start(t);
  for (const [name, run] of steps) await t.test(name, () => run(app));
});

test('a replay gives each person their own properties again', async (t) => {
  let isBroken = true;
  const sink = await startWebhookSink(t, () => (isBroken ? 400 : 200));
  const app = await startTestApp(t);
  await app.givenWorkspace(`
webhook: { deliver: true, allow: ["${sink.host}"] }
campaigns:
  - { id: hook, name: Hook, kind: api_triggered, messages: { webhook: { url: "${sink.url}-{{api_trigger_properties.\${a}}}", request_method: POST } } }`);
  await app.post('/users/track', { attributes: ['ada', 'bob', 'cid'].map((external_id) => ({ external_id })) });
  const own = ['bob', 'ada'].map((id) => ({ external_user_id: id, trigger_properties: { a: `own-${id}` } }));
  const recipients = [...own, { external_user_id: 'cid' }];
  const { body } = await app.post(PATH, { campaign_id: 'hook', trigger_properties: { a: 'common' }, recipients });
  await app.drain();
  isBroken = false;
  assert.equal((await app.post(`/dispatches/${body.dispatch_id}/replay`, {})).body.recipients, 3);
  await app.drain();
  assert.deepEqual([...sink.received.keys()].sort(), ['ada-own-ada', 'bob-own-bob', 'cid-common']);
});
