// Campaigns that are triggered later: create, update, delete, under the id of a campaign and under that of a Canvas.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { goTo, received } from './support/schedules.ts';

const FANS = '11111111-1111-4111-8111-111111111111';
const CANVAS = '22222222-2222-4222-8222-22222222222A';
const UNKNOWN = '99999999-9999-4999-8999-999999999999';

const body = '{{api_trigger_properties.${a}}} {{context.${b}}} {{canvas.${name}}}{{${first_name}}}';
const webhook = { url: 'https://example.com/{{${user_id}}}', request_method: 'POST', body };
const workspace = {
  time_zone: 'Europe/Vienna',
  segments: [
    {
      ...{ id: FANS, name: 'Fans' },
      filter: { custom_attribute: { custom_attribute_name: 'fan', comparison: 'equals', value: true } },
    },
  ],
  campaigns: [
    { id: 'order', name: 'Order', kind: 'api_triggered', canvas: { id: CANVAS, name: 'Orders' } },
    { id: 'fans', name: 'For fans', kind: 'api_triggered', segment_id: FANS, tags: ['club'] },
    { id: 'paused', name: 'Paused', kind: 'api_triggered', paused: true, canvas: { id: 'paused-canvas', name: 'P' } },
    { id: 'archived', name: 'Archived', kind: 'api_triggered', archived: true },
    { id: 'receipt', name: 'Receipt', kind: 'transactional' },
  ].map((campaign) => ({ ...campaign, messages: { webhook } })),
};

async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T08:00:00Z') });
  await app.givenWorkspace(JSON.stringify(workspace));
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'Ada', fan: true },
      { external_id: 'bob', first_name: 'Bob', time_zone: 'America/New_York' },
    ],
  });
  return app;
}

const at = (time: string) => ({ schedule: { time } });
const of = (what: 'campaigns' | 'canvas', verb: string) => `/${what}/trigger/schedule/${verb}`;

async function created(app: TestApp, path: string, given: object) {
  const reply = await app.post(path, given);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

const stateOf = async (app: TestApp, id: string) => (await app.get(`/dispatches/${id}`)).body.state;

async function textOf(app: TestApp, person: string): Promise<string> {
  const { body: answer } = await app.get(`/sandbox/messages?external_id=${person}`);
  return answer.messages.map(({ message }: { message: { body: string } }) => message.body).join();
}

test('a campaign is triggered later, with the properties and attributes of each person', async (t) => {
  const app = await start(t);
  const answer = await created(app, of('campaigns', 'create'), {
    campaign_id: 'order',
    trigger_properties: { a: 1 },
    recipients: [
      { external_user_id: 'ada', trigger_properties: { a: 2 } },
      { external_user_id: 'io', send_to_existing_only: false, attributes: { first_name: 'Io' } },
    ],
    ...at('2027-06-01T09:00:00Z'),
  });
  assert.deepEqual(Object.keys(answer), ['dispatch_id', 'schedule_id', 'message', 'cresset']);
  const { body: found } = await app.post('/users/export/ids', {
    ...{ external_ids: ['io'], fields_to_export: ['first_name'] },
  });
  assert.deepEqual(found.users, [{ first_name: 'Io' }], 'attributes are stored at once');
  await goTo(app, '2027-06-01T08:59:59Z');
  assert.equal(await stateOf(app, answer.dispatch_id), 'scheduled');
  await goTo(app, '2027-06-01T09:00:00Z');
  assert.deepEqual(await received(app), { ada: '2027-06-01T09:00', io: '2027-06-01T09:00' });
  assert.deepEqual([await textOf(app, 'ada'), await textOf(app, 'io')], ['2  Ada', '1  Io']);
});

test('an update replaces the schedule as a whole, a deletion ends it, each only with its own campaign', async (t) => {
  const app = await start(t);
  const local = { schedule: { time: '2027-06-02T09:00:00', in_local_time: true } };
  const ada = { recipients: [{ external_user_id: 'ada' }] };
  const bob = { recipients: [{ external_user_id: 'bob' }] };
  const moved = await created(app, of('campaigns', 'create'), { campaign_id: 'order', ...bob, ...local });
  const canvas = await created(app, of('canvas', 'create'), {
    ...{ canvas_id: CANVAS, context: { b: 7 }, ...ada, ...at('2027-06-01T09:00:00Z') },
  });
  const deleted = await created(app, of('canvas', 'create'), { canvas_id: 'order', ...ada, ...at('2027-06-02') });
  const send = { external_user_ids: ['ada'], messages: { webhook } };
  const sent = await created(app, '/messages/schedule/create', { ...send, ...at('2027-06-02') });

  const rows: [path: string, body: object, problem: RegExp][] = [
    [
      of('campaigns', 'update'),
      { campaign_id: 'fans', schedule_id: moved.schedule_id, ...at('2027-06-03') },
      /^schedule_id does not name/,
    ],
    [of('campaigns', 'delete'), { campaign_id: 'fans', schedule_id: moved.schedule_id }, /^schedule_id does not name/],
    [of('canvas', 'delete'), { canvas_id: 'fans', schedule_id: moved.schedule_id }, /^schedule_id does not name/],
    [of('campaigns', 'delete'), { campaign_id: 'order', schedule_id: sent.schedule_id }, /^schedule_id does not name/],
    ['/messages/schedule/delete', { schedule_id: moved.schedule_id }, /^schedule_id does not name/],
    [
      '/messages/schedule/update',
      { schedule_id: moved.schedule_id, ...at('2027-06-03') },
      /^schedule_id does not name/,
    ],
    [
      of('campaigns', 'update'),
      { campaign_id: 'order', schedule_id: moved.schedule_id },
      /^schedule: expected an object/,
    ],
    [of('campaigns', 'update'), { campaign_id: 'order', ...at('2027-06-03') }, /^schedule_id: is required/],
    [
      of('campaigns', 'update'),
      { schedule_id: moved.schedule_id, ...at('2027-06-03') },
      /^campaign_id: expected the id/,
    ],
    [of('campaigns', 'delete'), { campaign_id: 'order', schedule_id: UNKNOWN }, /^schedule_id does not name/],
    [of('campaigns', 'create'), { campaign_id: 'order', ...ada }, /^schedule: expected an object/],
    [
      of('campaigns', 'create'),
      { campaign_id: 'order', ...ada, ...at('2027-05-01') },
      /^schedule\.time: expected a time to come/,
    ],
    [of('campaigns', 'create'), { campaign_id: 'order', ...at('2027-06-03') }, /^recipients, broadcast: expected/],
    [of('campaigns', 'create'), { campaign_id: 'receipt', ...ada, ...at('2027-06-03') }, /^campaign_id: /],
    [
      of('campaigns', 'create'),
      { campaign_id: 'paused', ...ada, ...at('2027-06-03') },
      /^campaign_id: the campaign "Paused" is paused/,
    ],
    [of('canvas', 'create'), { canvas_id: UNKNOWN, ...ada, ...at('2027-06-03') }, /^canvas_id: /],
    [of('canvas', 'update'), { canvas_id: 5, schedule_id: moved.schedule_id, ...at('2027-06-03') }, /^canvas_id: /],
  ];
  for (const [path, given, problem] of rows) {
    const reply = await app.post(path, given);
    assert.equal(reply.status, 400, JSON.stringify([path, given, reply.body]));
    assert.match(reply.body.errors[0], problem);
  }
  assert.equal((await app.get('/dispatches?state=scheduled')).body.dispatches.length, 4);

  // Bob's clocks show 09:00 at 13:00Z; the new schedule is for one instant.
  const later = { campaign_id: 'order', schedule_id: moved.schedule_id, ...at('2027-06-01T10:00:00Z') };
  const warning = 'schedule.in_local_time: was true and is not repeated; everybody gets it at 2027-06-01T10:00:00.000Z';
  assert.deepEqual((await app.post(of('campaigns', 'update'), later)).body, {
    ...{ message: 'success', cresset: { warnings: [warning] } },
  });
  const gone = { canvas_id: CANVAS.toLowerCase(), schedule_id: deleted.schedule_id };
  assert.deepEqual((await app.post(of('canvas', 'delete'), gone)).body, { message: 'success' });
  assert.equal((await app.post(of('canvas', 'delete'), gone)).status, 400, 'it is deleted');
  await goTo(app, '2027-06-01T12:00:00Z');
  assert.deepEqual(await received(app), { ada: '2027-06-01T09:00', bob: '2027-06-01T10:00' });
  assert.equal(await textOf(app, 'ada'), ' 7 OrdersAda');
  assert.equal((await app.post(of('campaigns', 'update'), later)).status, 400, 'it has fired');
  assert.equal(await stateOf(app, deleted.dispatch_id), 'cancelled');
  assert.equal(await stateOf(app, canvas.dispatch_id), 'finished');
});

test('a broadcast goes to the segment of that moment, and is listed until then', async (t) => {
  const app = await start(t);
  const all = { broadcast: true, ...at('2027-06-01T09:00:00Z') };
  await created(app, of('campaigns', 'create'), { campaign_id: 'fans', ...all });
  app.clock.advance(1_000); // of two at the same time, the older one comes first
  const audience = { custom_attribute: { custom_attribute_name: 'x', comparison: 'exists' } };
  await created(app, of('canvas', 'create'), { canvas_id: CANVAS, audience, ...all });
  const { body: listed } = await app.get('/messages/scheduled_broadcasts?end_time=2027-06-02');
  const next = { next_send_time: '2027-06-01T09:00:00.000Z', schedule_type: 'Europe/Vienna' };
  assert.deepEqual(listed.scheduled_broadcasts, [
    { name: 'For fans', id: 'fans', type: 'Campaign', tags: ['club'], ...next },
    { name: 'Orders', id: CANVAS.toLowerCase(), type: 'Canvas', tags: [], ...next },
  ]);
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', fan: false },
      { external_id: 'bob', fan: true },
    ],
  });
  await goTo(app, '2027-06-01T09:00:00Z');
  assert.deepEqual(Object.keys(await received(app)), ['bob']);

  const { body: refused } = await app.post(of('campaigns', 'create'), { campaign_id: 'order', ...all });
  assert.equal(refused.message, 'No Recipients', 'a campaign without a segment is nobody, never everybody');
});

test('a campaign that is paused or archived when its time comes sends nothing, and the dispatch says so', async (t) => {
  const app = await start(t);
  const ada = { recipients: [{ external_user_id: 'ada' }] };
  const first = await created(app, of('campaigns', 'create'), { campaign_id: 'order', ...ada, ...at('2027-06-02') });
  const second = await created(app, of('campaigns', 'create'), { campaign_id: 'fans', ...ada, ...at('2027-06-02') });
  const now = structuredClone({ ...workspace, campaigns: workspace.campaigns.slice(0, 2) });
  Object.assign(now.campaigns[0] ?? {}, { paused: true });
  Object.assign(now.campaigns[1] ?? {}, { archived: true });
  await app.givenWorkspace(JSON.stringify(now));
  await goTo(app, '2027-06-02T00:00:00Z');
  const failures = [];
  for (const { dispatch_id } of [first, second])
    failures.push((await app.get(`/dispatches/${dispatch_id}`)).body.failure);
  assert.deepEqual(failures, ['campaign_paused: order', 'campaign_gone: fans']);
  assert.deepEqual(await received(app), {});

  const notice = await app.post(of('canvas', 'create'), { canvas_id: 'paused-canvas', ...ada, ...at('2027-06-03') });
  assert.deepEqual(
    [notice.status, notice.body.notice, Object.keys(notice.body)],
    [
      201,
      'The Canvas is paused. Resume the Canvas to ensure trigger requests will take effect.',
      ['notice', 'dispatch_id', 'schedule_id', 'message'],
    ],
  );
  assert.equal((await app.get('/dispatches?state=scheduled')).body.dispatches.length, 0);
});

test('a dry run stores nothing, and each path needs its permission', async (t) => {
  const app = await start(t);
  const dry = { campaign_id: 'order', recipients: [{ external_user_id: 'ada' }], cresset: { dry_run: true } };
  const reply = await app.post(of('campaigns', 'create'), { ...dry, ...at('2027-06-02') });
  assert.deepEqual([reply.status, reply.body.dry_run], [201, true], JSON.stringify(reply.body));
  assert.equal((await app.get('/dispatches?state=scheduled')).body.dispatches.length, 0);
  const key = await app.givenKey({
    permissions: ['campaigns.trigger.send', 'canvas.trigger.send', 'messages.schedule.create'],
  });
  for (const what of ['campaigns', 'canvas'] as const)
    for (const verb of ['create', 'update', 'delete'])
      assert.equal((await app.post(of(what, verb), {}, { key })).status, 403, `${what} ${verb}`);
});
