// Campaigns that are triggered as a Canvas, and transactional sends.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const CANVAS = '22222222-2222-4222-8222-22222222222a';
const canvasPath = '/canvas/trigger/send';
const receiptPath = '/transactional/v1/campaigns/receipt/send';

const subject =
  '{{${first_name}}} {{context.${a}}}{{canvas_entry_properties.${b}}}{{api_trigger_properties.${c}}} {{canvas.${name}}}/{{canvas.${variant_name}}}';
const email = { app_id: APP, from: 'Acme <hello@acme.test>', subject, body: '<p>x</p>' };
const workspace = {
  apps: [{ id: APP, name: 'iOS', platform: 'ios' }],
  frequency_caps: [{ channel: 'email', max_sends: 1, period_count: 1, period_unit: 'days' }],
  campaigns: [
    { id: 'order', name: 'Order', kind: 'api_triggered', canvas: { id: CANVAS, name: 'Orders' }, obeys_caps: false },
    { id: 'plain', name: 'Plain', kind: 'api_triggered', obeys_caps: false },
    { id: 'paused', name: 'Paused', kind: 'api_triggered', paused: true },
    { id: 'archived', name: 'Archived', kind: 'api_triggered', archived: true },
    { id: 'receipt', name: 'Receipt', kind: 'transactional' },
    { id: 'receipt-paused', name: 'Receipt', kind: 'transactional', paused: true },
    { id: 'receipt-archived', name: 'Receipt', kind: 'transactional', archived: true },
  ].map((campaign) => ({ ...campaign, messages: { email } })),
};

async function start(t: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(JSON.stringify(workspace));
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'Ada', email: 'ada@example.test' },
      { external_id: 'eve', first_name: 'Eve', email: 'eve@example.test', email_subscribe: 'unsubscribed' },
    ],
  });
  return app;
}

async function subjects(app: TestApp): Promise<string[]> {
  await app.drain();
  const { body } = await app.get('/sandbox/messages');
  const found: { message: { subject: string } }[] = body.messages;
  await app.db.run(sql`delete from sandbox_messages`);
  return found.map(({ message }) => message.subject).sort();
}

test('a Canvas trigger sends the campaign that is mapped to it, or that has this id', async (t) => {
  const app = await start(t);
  const ada = { external_user_id: 'ada' };
  const rows: [what: string, body: object, expected: string][] = [
    ['the mapped id in any letter case', { canvas_id: CANVAS.toUpperCase(), context: { a: 1 } }, 'Ada 1 Orders/Order'],
    ['the id of a campaign', { canvas_id: 'plain', context: { a: 1 } }, 'Ada 1 Plain/Plain'],
    ['the older name', { canvas_id: 'order', canvas_entry_properties: { a: 1, b: 2 } }, 'Ada 12 Orders/Order'],
    [
      'both names, of which context wins key by key',
      { canvas_id: 'order', canvas_entry_properties: { a: 1, b: 2 }, context: { a: 3, c: 4 } },
      'Ada 324 Orders/Order',
    ],
    [
      'properties of the person, in an older client’s words',
      { canvas_id: 'order', context: { a: 1, b: 2 }, recipients: [{ ...ada, trigger_properties: { b: 5 } }] },
      'Ada 15 Orders/Order',
    ],
    [
      'of several names the newest',
      { canvas_id: 'order', recipients: [{ ...ada, trigger_properties: { a: 5, b: 5 }, context: { a: 6 } }] },
      'Ada 65 Orders/Order',
    ],
    [
      'attributes',
      { canvas_id: 'order', recipients: [{ ...ada, attributes: { first_name: 'Ida' } }] },
      'Ida  Orders/Order',
    ],
  ];
  for (const [what, body, expected] of rows) {
    const answer = await app.post(canvasPath, { recipients: [ada], ...body });
    const { cresset, ...told } = answer.body;
    assert.deepEqual([answer.status, Object.keys(told)], [201, ['dispatch_id', 'message']], what);
    for (const warning of cresset?.warnings ?? [])
      assert.match(warning, / is empty for everybody: no trigger property /);
    assert.deepEqual(await subjects(app), [expected], what);
  }

  const advice = 'to ensure trigger requests will take effect.';
  const attributes = { first_name: 'X' };
  for (const [id, notice] of [
    ['paused', `The Canvas is paused. Resume the Canvas ${advice}`],
    ['archived', `The Canvas is archived. Unarchive the Canvas ${advice}`],
  ]) {
    const { status, body } = await app.post(canvasPath, { canvas_id: id, recipients: [{ ...ada, attributes }] });
    assert.deepEqual([status, body.notice, body.message], [201, notice, 'success']);
    assert.match(body.dispatch_id, /^[0-9a-f]{32}$/);
  }
  assert.deepEqual(await subjects(app), []);
  assert.deepEqual(await app.db.query(sql`select 1 from profiles where first_name = 'X'`), []);

  const unknown = 'canvas_id must be a string of the Canvas api identifier';
  const refusals: [body: object, message: string][] = [
    [{ recipients: [ada] }, unknown],
    [{ canvas_id: 7, recipients: [ada] }, unknown],
    [{ canvas_id: 'nothing', recipients: [ada] }, unknown],
    [{ canvas_id: 'receipt', recipients: [ada] }, unknown],
    [{ canvas_id: 'order' }, 'No Recipients'],
    [{ canvas_id: 'order', recipients: [ada], broadcast: true }, 'Bad Request'],
    [{ canvas_id: 'order', recipients: Array(51).fill(ada) }, 'The max number of ids per request was exceeded'],
    [{ canvas_id: 'order', recipients: [ada], segment_id: CANVAS }, 'Bad Request'],
    [{ canvas_id: 'order', recipients: [ada], context: { x: 'x'.repeat(51_200) } }, 'Bad Request'],
  ];
  for (const [body, message] of refusals) {
    const answer = await app.post(canvasPath, body);
    assert.deepEqual([answer.status, answer.body.message], [400, message], JSON.stringify(body).slice(0, 200));
  }
});

test('a transactional send goes to one person, once for its external send id', async (t) => {
  const app = await start(t);
  const recipient = { external_user_id: 'eve' };
  const first = await app.post(receiptPath, {
    external_send_id: 'order-7/=+_',
    trigger_properties: { c: 7 },
    recipient: { ...recipient, trigger_properties: { c: 8 } },
  });
  assert.equal(first.status, 201);
  const at = app.clock.now().toISOString();
  assert.deepEqual(first.body, {
    dispatch_id: first.body.dispatch_id,
    status: 'sent',
    metadata: { external_send_id: 'order-7/=+_', campaign_api_id: 'receipt', received_at: at, enqueued_at: at },
    message: 'success',
    cresset: {
      warnings: ['context.${a}', 'canvas_entry_properties.${b}'].map(
        (name) =>
          `campaign receipt.messages.email.subject: {{${name}}} is empty for everybody: no trigger property "${name.at(-2)}" is given`,
      ),
    },
  });
  assert.deepEqual(await subjects(app), ['Eve 8 /'], 'also to whoever has unsubscribed');

  app.clock.advance(23 * 3_600_000);
  const again = await app.post(receiptPath, {
    external_send_id: 'order-7/=+_',
    recipient: { external_user_id: 'ada' },
  });
  assert.deepEqual([again.status, again.body], [201, first.body]);
  assert.deepEqual(await subjects(app), []);
  const other = await app.post(receiptPath, { external_send_id: 'order-8', recipient: [recipient] });
  assert.equal(other.status, 201);
  assert.deepEqual(await subjects(app), ['Eve  /'], 'another id, and no cap');
  app.clock.advance(3_600_001);
  await app.post(receiptPath, { external_send_id: 'order-7/=+_', recipient });
  assert.deepEqual(await subjects(app), ['Eve  /'], 'after 24 hours');
  const attributes = { first_name: 'Io', email: 'io@example.test' };
  const created = await app.post(receiptPath, { recipient: { external_user_id: 'io', attributes } });
  assert.equal('external_send_id' in created.body.metadata, false);
  assert.deepEqual(await subjects(app), ['Io  /']);

  const together = await Promise.all(
    Array.from({ length: 5 }, () => app.post(receiptPath, { external_send_id: 'order-9', recipient })),
  );
  assert.deepEqual(await subjects(app), ['Eve  /']);
  for (const { status, body } of together.filter((one) => one.status !== 201)) {
    assert.equal(status, 409);
    assert.equal(body.message, 'The external reference has been queued.  Please retry to obtain send_id.');
  }
  assert.ok(together.some(({ status }) => status === 201));

  const wish = 'in order for trigger requests to take effect.';
  const path = (id: string) => `/transactional/v1/campaigns/${id}/send`;
  const refusals: [path: string, body: object, message: string][] = [
    [path('nothing'), { recipient }, 'Campaign does not exist'],
    [path('%00'), { recipient, external_send_id: 'x' }, 'Campaign does not exist'],
    [
      path('order'),
      { recipient },
      'The campaign is not a transactional campaign. Only transactional campaigns may use this endpoint',
    ],
    [path('receipt-archived'), { recipient }, `The campaign is archived. Unarchive the campaign ${wish}`],
    [path('receipt-paused'), { recipient }, `The campaign is paused. Resume the campaign ${wish}`],
    [receiptPath, {}, 'No Recipients'],
    [receiptPath, { recipient: [recipient, recipient] }, 'Bad Request'],
    [receiptPath, { recipient: { email: 'eve@example.test' } }, 'Bad Request'],
    [receiptPath, { recipient, external_send_id: 'a b' }, 'Bad Request'],
    [receiptPath, { recipient, external_send_id: 7 }, 'Bad Request'],
    [receiptPath, { recipients: [recipient] }, 'Bad Request'],
    [receiptPath, { recipient, broadcast: true }, 'Bad Request'],
  ];
  for (const [to, body, message] of refusals) {
    const answer = await app.post(to, body);
    assert.deepEqual([answer.status, answer.body.message], [400, message], JSON.stringify(body));
  }
});
