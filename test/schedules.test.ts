// Schedules: what is sent later, each person at their own time, once.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { sql } from '../src/db/sql.ts';
import { createFinisher } from '../src/dispatch/deliver/end-tasks.ts';
import { fireSchedules } from '../src/dispatch/deliver/fire.ts';
import { scheduleLane } from '../src/dispatch/plan/send-plan.ts';
import { LEASE_MS, leaseTasks } from '../src/queue/tasks.ts';
import { noTraces } from '../src/traces/traces.ts';
import type { Catalog } from '../src/workspace/catalog.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';
import { goTo, received, thirtyZones } from './support/schedules.ts';

const SEGMENT = '11111111-1111-4111-8111-111111111111';
const CAMPAIGN = '22222222-2222-4222-8222-222222222222';
const VARIATION = '33333333-3333-4333-8333-333333333333';
const webhook = { url: 'https://example.com/{{${user_id}}}', request_method: 'POST' };
const HOUR = 3_600_000;

const workspace = `
time_zone: Europe/Vienna
segments:
  - id: ${SEGMENT}
    name: Gold
    filter: { AND: [{ custom_attribute: { custom_attribute_name: gold, comparison: equals, value: true } }] }
campaigns:
  - id: ${CAMPAIGN}
    name: Spring
    tags: [sale]
    kind: api
    variations: [{ id: ${VARIATION}, channel: webhook, name: A }]
`;

async function start(t: TestContext, at: string, options: { worker?: boolean } = {}): Promise<TestApp> {
  return startTestApp(t, { startsAt: new Date(at), ...options });
}

async function track(app: TestApp, people: Record<string, object>): Promise<void> {
  const attributes = Object.entries(people).map(([external_id, rest]) => ({ external_id, ...rest }));
  const { status, body } = await app.post('/users/track', { attributes });
  assert.equal(status, 201, JSON.stringify(body));
}

async function create(app: TestApp, body: object) {
  const reply = await app.post('/messages/schedule/create', { messages: { webhook }, ...body });
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

const stateOf = async (app: TestApp, id: string) => (await app.get(`/dispatches/${id}`)).body.state;

test('an update that does not repeat in_local_time says that it is lost', async (t) => {
  const app = await start(t, '2027-05-01T00:00:00Z');
  const local = { time: '2027-06-01T14:00:00', in_local_time: true };
  const { schedule_id } = await create(app, { external_user_ids: ['ada'], schedule: local });
  const update = async (schedule: object) =>
    (await app.post('/messages/schedule/update', { schedule_id, schedule })).body;
  assert.deepEqual(await update({ ...local, time: '2027-06-02T14:00:00' }), { message: 'success' });
  assert.deepEqual(await update({ time: '2027-06-02T14:00:00Z' }), {
    message: 'success',
    cresset: {
      warnings: ['schedule.in_local_time: was true and is not repeated; everybody gets it at 2027-06-02T14:00:00.000Z'],
    },
  });
  assert.deepEqual(await update({ time: '2027-06-03T14:00:00Z' }), { message: 'success' });
});

test('a schedule goes out at its time, once', async (t) => {
  const app = await start(t, '2027-06-01T08:00:00Z');
  await track(app, { ada: {}, bob: {} });
  const named = await create(app, { external_user_ids: ['ada'], schedule: { time: '2027-06-01T09:00:00Z' } });
  assert.deepEqual(Object.keys(named), ['dispatch_id', 'schedule_id', 'message']);
  assert.match(named.schedule_id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  await goTo(app, '2027-06-01T08:59:59Z');
  assert.equal(await stateOf(app, named.dispatch_id), 'scheduled');
  assert.deepEqual(await received(app), {});
  await goTo(app, '2027-06-01T09:00:00Z');
  assert.equal(await stateOf(app, named.dispatch_id), 'finished');
  assert.deepEqual(await received(app), { ada: '2027-06-01T09:00' });
});

const everybody = {
  broadcast: true,
  audience: { AND: [{ custom_attribute: { custom_attribute_name: 'never', comparison: 'does_not_exist' } }] },
};
const statusesOf = async (app: TestApp, id: string): Promise<Record<string, string>> => {
  const { body } = await app.get(`/dispatches/${id}/recipients`);
  return Object.fromEntries(
    body.recipients.map((one: Record<string, string>) => [one.external_id, `${one.status} ${one.reason ?? ''}`.trim()]),
  );
};

test('what may be done with a schedule until it fires', async (t) => {
  const app = await start(t, '2027-06-01T08:00:00Z');
  await app.givenWorkspace(workspace);
  await track(app, { ada: { gold: true }, bob: {}, cid: {}, dora: {}, eve: {} });
  const at = (time: string) => ({ schedule: { time } });
  const named = await create(app, { external_user_ids: ['ada'], ...at('2027-06-01T09:00:00Z') });
  const moved = await create(app, { external_user_ids: ['bob'], ...at('2027-06-01T09:00:00Z') });
  const deleted = await create(app, { external_user_ids: ['cid'], ...at('2027-06-01T09:00:00Z') });
  const cancelled = await create(app, { external_user_ids: ['cid'], ...at('2027-06-01T09:00:00Z') });
  const paused = await create(app, { external_user_ids: ['dora'], ...at('2027-06-01T09:00:00Z') });
  const early = await create(app, { external_user_ids: ['eve'], ...at('2027-06-01T12:00:00Z') });
  const broadcast = await create(app, {
    ...{ broadcast: true, segment_id: SEGMENT, campaign_id: CAMPAIGN, ...at('2027-06-01T09:30:00Z') },
    messages: { webhook: { ...webhook, message_variation_id: VARIATION } },
  });
  const change = (verb: string, id: string, body: object = {}) =>
    app.post(`/messages/schedule/${verb}`, { schedule_id: id, ...body });

  await t.test('its dispatch is listed with its state and its schedule', async () => {
    const listed = (await app.get('/dispatches?state=scheduled')).body.dispatches;
    assert.equal(listed.length, 7);
    const { body } = await app.get(`/dispatches/${named.schedule_id}`);
    assert.equal(body.dispatch_id, named.dispatch_id);
    assert.equal(body.state, 'scheduled');
    assert.deepEqual(body.schedule, { schedule_id: named.schedule_id, time: '2027-06-01T09:00:00.000Z' });
  });

  await t.test('upcoming broadcasts of campaigns are listed', async () => {
    const reply = await app.get('/messages/scheduled_broadcasts?end_time=2027-06-02T10:00:00Z');
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.body, {
      scheduled_broadcasts: [
        {
          ...{ name: 'Spring', id: CAMPAIGN, type: 'Campaign', tags: ['sale'] },
          ...{ next_send_time: '2027-06-01T09:30:00.000Z', schedule_type: 'Europe/Vienna' },
        },
      ],
      message: 'success',
    });
    const ofCampaign = { broadcast: true, segment_id: SEGMENT, campaign_id: CAMPAIGN };
    const messages = { webhook: { ...webhook, message_variation_id: VARIATION } };
    for (const flag of ['in_local_time', 'at_optimal_time']) {
      const schedule = { time: '2027-06-20T09:00:00', [flag]: true };
      const { schedule_id } = await create(app, { ...ofCampaign, messages, schedule });
      const { body } = await app.get('/messages/scheduled_broadcasts?end_time=2027-06-25');
      const word = flag === 'in_local_time' ? 'local_time_zones' : 'intelligent_delivery';
      assert.deepEqual(
        body.scheduled_broadcasts.map((one: Record<string, string>) => one.schedule_type),
        ['Europe/Vienna', word],
      );
      assert.equal((await change('delete', schedule_id)).status, 201);
    }
    const before = await app.get('/messages/scheduled_broadcasts?end_time=2027-06-01');
    assert.deepEqual(before.body.scheduled_broadcasts, [], 'the end is midnight UTC');
    assert.equal((await app.get('/messages/scheduled_broadcasts')).status, 400);
    assert.equal((await app.get('/messages/scheduled_broadcasts?end_time=soon')).status, 400);
  });

  await t.test('wrong requests are refused and change nothing', async () => {
    for (const [verb, body, problem] of [
      ['create', { external_user_ids: ['ada'], messages: { webhook } }, /^schedule: expected an object/],
      [
        'create',
        { messages: { webhook }, ...at('2027-06-02') },
        /^external_user_ids, user_aliases, segment_id, audience/,
      ],
      ['create', { external_user_ids: ['ada'], messages: {}, ...at('2027-06-02') }, /^messages: expected/],
      ['create', { broadcast: true, segment_id: 'x', messages: { webhook }, ...at('2027-06-02') }, /^segment_id: /],
      ['update', {}, /^schedule_id: is required$/],
      ['update', { schedule_id: 5 }, /^schedule_id: expected a text/],
      ['update', { schedule_id: 'a\u0000b', ...at('2027-06-02') }, /^schedule_id does not name/],
      ['update', { schedule_id: named.schedule_id }, /^schedule, messages: expected at least one, got none$/],
      ['update', { schedule_id: named.schedule_id, ...at('2027-05-31') }, /^schedule\.time: expected a time to come/],
      ['update', { schedule_id: named.schedule_id, messages: { webhook: {} } }, /^messages\.webhook\.url/],
      ['update', { schedule_id: named.schedule_id, messages: 'x' }, /^messages: /],
      ['update', { schedule_id: SEGMENT, ...at('2027-06-02') }, /^schedule_id does not name a pending schedule$/],
      ['delete', { schedule_id: SEGMENT }, /^schedule_id does not name a pending schedule$/],
      ['delete', { schedule_id: null }, /^schedule_id: is required$/],
    ] as const) {
      const reply = await app.post(`/messages/schedule/${verb}`, body);
      assert.equal(reply.status, 400, JSON.stringify([verb, body, reply.body]));
      assert.match(reply.body.errors[0], problem);
    }
    assert.equal((await app.get('/dispatches?state=scheduled')).body.dispatches.length, 7);
  });

  await t.test('a key needs the permission', async () => {
    const key = await app.givenKey({ permissions: ['messages.send'] });
    for (const verb of ['create', 'update', 'delete'])
      assert.equal((await app.post(`/messages/schedule/${verb}`, {}, { key })).status, 403, verb);
    assert.equal((await app.get('/messages/scheduled_broadcasts?end_time=2027-06-02', { key })).status, 403);
  });

  await t.test('a dry run says what would happen and stores nothing', async () => {
    const body = { external_user_ids: ['ada'], messages: { webhook }, cresset: { dry_run: true }, ...at('2027-06-02') };
    assert.equal((await app.post('/messages/schedule/create', body)).status, 201);
    assert.equal((await app.get('/dispatches?state=scheduled')).body.dispatches.length, 7);
  });

  const later = await change('update', moved.schedule_id, {
    ...at('2027-06-01T10:00:00Z'),
    messages: { webhook: { ...webhook, url: 'https://example.com/new' } },
  });
  assert.deepEqual([later.status, later.body], [201, { message: 'success' }]);
  assert.equal((await change('update', early.dispatch_id.toUpperCase(), at('2027-06-01T08:30:00Z'))).status, 201);
  assert.deepEqual((await change('delete', deleted.schedule_id)).body, { message: 'success' });
  assert.equal((await change('delete', deleted.schedule_id)).status, 400, 'it is deleted');
  assert.equal((await app.post(`/dispatches/${cancelled.dispatch_id}/cancel`, {})).body.state, 'cancelled');
  assert.equal((await app.post(`/dispatches/${paused.dispatch_id}/pause`, {})).body.state, 'paused');
  const replayed = await app.post(`/dispatches/${deleted.dispatch_id}/replay`, {});
  assert.deepEqual(
    [replayed.status, replayed.body.errors],
    [409, ['dispatch_id: its schedule was deleted before it fired; send it again']],
  );

  await goTo(app, '2027-06-01T09:45:00Z');
  assert.equal((await change('update', named.schedule_id, at('2027-06-02'))).status, 400, 'it has fired');
  assert.equal((await change('delete', named.schedule_id)).status, 400, 'it has fired');
  assert.equal((await app.post(`/dispatches/${paused.dispatch_id}/resume`, {})).body.state, 'scheduled');
  await goTo(app, '2027-06-01T11:00:00Z');
  assert.deepEqual(await received(app), {
    ada: '2027-06-01T09:30', // also at 09:00
    bob: '2027-06-01T10:00',
    dora: '2027-06-01T09:45',
    eve: '2027-06-01T08:30',
  });
  const { body: outbox } = await app.get('/sandbox/messages?external_id=bob');
  assert.equal(outbox.messages[0].message.url, 'https://example.com/new');
  for (const { dispatch_id } of [named, moved, paused, early, broadcast])
    assert.equal(await stateOf(app, dispatch_id), 'finished');
  for (const { dispatch_id } of [deleted, cancelled]) assert.equal(await stateOf(app, dispatch_id), 'cancelled');
});

test('people, states and names are those of the moment when it fires', async (t) => {
  const app = await start(t, '2027-06-01T08:00:00Z');
  await app.givenWorkspace(`email: { default_from: a@acme.test }\n${workspace}`);
  await track(app, {
    stays: { email: 'old@acme.test', gold: true },
    unsubscribes: { email: 'u@acme.test', gold: true },
    deleted: { email: 'd@acme.test', gold: true },
    revived: { email: 'r@acme.test', gold: true },
    leaves: { email: 'l@acme.test', gold: true },
    joins: { email: 'j@acme.test' },
    'u-1': { email: 'one@acme.test' },
    'u-2': { email: 'two@acme.test' },
  });
  const messages = { email: { subject: 's', body: '<p>b</p>', app_id: SEGMENT } };
  const schedule = { time: '2027-06-10T09:00:00Z' };
  const audience = await create(app, { broadcast: true, segment_id: SEGMENT, messages, schedule });
  const pair = await create(app, { external_user_ids: ['u-1', 'u-2'], messages, schedule });
  const gone = await create(app, { broadcast: true, segment_id: SEGMENT, messages, schedule: { time: '2027-06-11' } });
  await goTo(app, '2027-06-09T09:00:00Z');
  await track(app, {
    stays: { email: 'new@acme.test' },
    unsubscribes: { email_subscribe: 'unsubscribed' },
    leaves: { gold: false },
    joins: { gold: true },
  });
  await app.post('/users/delete', { external_ids: ['deleted', 'revived'] });
  await app.post('/users/track', { attributes: [{ external_id: 'revived', x: 1 }] });
  const merged = { identifier_to_merge: { external_id: 'u-2' }, identifier_to_keep: { external_id: 'u-1' } };
  await app.post('/users/merge', { merge_updates: [merged] });
  await goTo(app, '2027-06-10T09:00:00Z');
  assert.deepEqual(await statusesOf(app, audience.dispatch_id), {
    ...{ stays: 'sent', unsubscribes: 'skipped unsubscribed', joins: 'sent' },
  });
  const { body } = await app.get('/sandbox/messages?external_id=stays');
  assert.equal(body.messages[0].address, 'new@acme.test');
  const { counts } = (await app.get(`/dispatches/${pair.dispatch_id}`)).body;
  assert.deepEqual([counts.recipients, counts.unknown_user], [1, 1], 'one message to u-1; u-2 is nobody');
  const exported = await app.post('/users/export/ids', {
    external_ids: ['revived'],
    fields_to_export: ['email', 'custom_attributes'],
  });
  assert.deepEqual(exported.body.users, [{ custom_attributes: { x: 1 } }]);

  await app.db.run(sql`update segments set archived = true`);
  await app.refreshCatalog();
  await goTo(app, '2027-06-11T00:00:00Z');
  const failed = (await app.get(`/dispatches/${gone.dispatch_id}`)).body;
  assert.deepEqual([failed.state, failed.failure], ['failed', `segment_gone: ${SEGMENT}`]);
  const [logged] = await app.db.query<{ category: string }>(sql`
    select category from activity_log where category <> 'API message record'`);
  assert.equal(logged?.category, 'Schedule errors');
  assert.deepEqual(await app.db.query(sql`select id from tasks`), []);
});

test('by local time: passed zones, people who travel or leave the audience, and a late deletion', async (t) => {
  const app = await start(t, '2027-06-01T12:00:00Z');
  await app.givenWorkspace(workspace);
  await track(app, {
    london: { time_zone: 'Europe/London' },
    vienna: { time_zone: 'Europe/Vienna' },
    kolkata: { time_zone: 'Asia/Kolkata' },
    nowhere: {},
  });
  const schedule = { time: '2027-06-01T14:00:00', in_local_time: true };
  const { dispatch_id } = await create(app, { ...everybody, schedule });
  const { dispatch_id: named } = await create(app, { external_user_ids: ['kolkata', 'london'], schedule });
  await goTo(app, '2027-06-01T12:00:00Z');
  assert.deepEqual(await received(app), { nowhere: '2027-06-01T12:00', vienna: '2027-06-01T12:00' });
  await goTo(app, '2027-06-01T14:00:00Z');
  const expected = { london: 'sent', kolkata: 'expired expired' };
  assert.deepEqual(await statusesOf(app, dispatch_id), { ...expected, vienna: 'sent', nowhere: 'sent' });
  assert.deepEqual(await statusesOf(app, named), expected);
  assert.equal((await received(app)).london, '2027-06-01T13:00');

  // The schedule fires when it is its time at UTC+14: all have rows from then on, and each their own time.
  await app.db.run(sql`delete from sandbox_messages`);
  const next = await create(app, {
    broadcast: true,
    segment_id: SEGMENT,
    schedule: { time: '2027-06-03T14:00:00Z', in_local_time: true },
  });
  const change = (verb: string, body: object = {}) =>
    app.post(`/messages/schedule/${verb}`, { schedule_id: next.schedule_id, ...body });
  await track(app, {
    vienna: { gold: true },
    london: { gold: true },
    kolkata: { gold: true },
    west: { gold: true, time_zone: 'Europe/Vienna' },
    east: { gold: true, time_zone: 'America/New_York' },
    honolulu: { gold: true, time_zone: 'Pacific/Honolulu' },
    nowhere: { time_zone: 'Europe/Vienna' },
  });
  await goTo(app, '2027-06-02T23:59:00Z');
  assert.equal(await stateOf(app, next.dispatch_id), 'scheduled');
  await goTo(app, '2027-06-03T00:01:00Z');
  assert.equal(await stateOf(app, next.dispatch_id), 'sending');
  assert.equal(
    (await change('update', { schedule: { time: '2027-06-04' } })).status,
    400,
    'the time has come in one zone',
  );
  await track(app, {
    nowhere: { gold: true }, // too late: they were not in the segment at the first moment
    london: { gold: false },
    west: { time_zone: 'America/New_York' },
    east: { time_zone: 'Asia/Kolkata' },
  });
  await goTo(app, '2027-06-03T20:00:00Z');
  assert.deepEqual(await statusesOf(app, next.dispatch_id), {
    ...{ kolkata: 'sent', vienna: 'sent', london: 'skipped not_in_segment', west: 'sent' },
    ...{ east: 'expired expired', honolulu: 'pending' },
  });
  assert.deepEqual(await received(app), {
    ...{ kolkata: '2027-06-03T08:30', vienna: '2027-06-03T12:00', west: '2027-06-03T18:00' },
  });
  assert.deepEqual((await change('delete')).body, { message: 'success' }, 'it stops those whose time has not come');
  await goTo(app, '2027-06-04T06:00:00Z');
  assert.equal((await statusesOf(app, next.dispatch_id)).honolulu, 'cancelled cancelled');
});

test('at the optimal time: each on their own day, by their own activity', async (t) => {
  const app = await start(t, '2027-06-08T12:00:00Z');
  await app.givenWorkspace(workspace);
  await track(app, {
    kiritimati: { time_zone: 'Pacific/Kiritimati' },
    pago: { time_zone: 'Pacific/Pago_Pago' },
    vienna: {},
    evening: { time_zone: 'Europe/Vienna' },
    morning: { time_zone: 'America/New_York', date_of_last_session: '2027-06-07T11:15:00Z' },
  });
  const event = (external_id: string, time: string) => ({ external_id, name: 'opened', time });
  await app.post('/users/track', {
    events: [
      // Before and after the change of clocks, which was on 2027-03-28: both at 20 by local clocks.
      ...[event('evening', '2027-05-30T18:10:00Z'), event('evening', '2027-06-01T18:50:00Z')],
      ...[event('evening', '2027-06-02T07:00:00Z'), event('pago', '2027-06-03T01:30:00Z')],
      event('morning', '2025-06-03T22:00:00Z'), // too long ago
    ],
  });
  const schedule = { time: '2027-06-10T00:00:00', at_optimal_time: true };
  const all = ['kiritimati', 'pago', 'vienna', 'evening', 'morning'];
  const expected = {
    ...{ evening: '2027-06-10T18:00', kiritimati: '2027-06-09T22:00', morning: '2027-06-10T11:00' },
    ...{ pago: '2027-06-11T01:00', vienna: '2027-06-10T10:00' }, // pago was active at 14 by local clocks
  };
  const { dispatch_id } = await create(app, { ...everybody, schedule });
  await goTo(app, '2027-06-11T12:00:00Z');
  assert.deepEqual(await received(app), expected);
  assert.deepEqual((await app.get(`/dispatches/${dispatch_id}`)).body.schedule.at_optimal_time, true);

  await app.db.run(sql`delete from sandbox_messages`);
  const again = { ...schedule, time: '2027-06-11' };
  const named = await create(app, { external_user_ids: all, schedule: again });
  await goTo(app, '2027-06-13T00:00:00Z');
  assert.deepEqual(await statusesOf(app, named.dispatch_id), {
    ...{ kiritimati: 'expired expired', pago: 'sent', vienna: 'sent', evening: 'sent', morning: 'sent' },
  });
  assert.deepEqual(
    await received(app),
    // It is 14:00 in Vienna: the hour has passed, the day has not.
    { evening: '2027-06-11T18:00', morning: '2027-06-11T12:00', pago: '2027-06-12T01:00', vienna: '2027-06-11T12:00' },
  );
});

test('after a restart, late or never: what was due while no server ran', async (t) => {
  const app = await start(t, '2027-06-01T08:00:00Z', { worker: false });
  await app.givenWorkspace(`schedules: { late_minutes: 90 }\n${workspace}`);
  await track(app, { ada: {}, bob: {}, cid: {} });
  const soon = await create(app, { external_user_ids: ['ada'], schedule: { time: '2027-06-01T08:30:00Z' } });
  const toAll = await create(app, { ...everybody, schedule: { time: '2027-06-01T08:30:00Z' } });
  const late = await create(app, { external_user_ids: ['bob'], schedule: { time: '2027-06-01T09:00:00Z' } });
  const future = await create(app, { external_user_ids: ['cid'], schedule: { time: '2027-06-01T12:00:00Z' } });
  const dead = randomUUID();
  app.clock.advance(2.25 * HOUR);
  // A worker had leased these to fire them, and died.
  await app.db.run(sql`
    update tasks
       set worker = ${dead}, tries = 1, leased_until = ${new Date(app.clock.now().getTime() + LEASE_MS)}
     where run_at <= ${app.clock.now()}`);
  const another = await app.startAnotherWorker();
  await app.startAnotherWorker();
  await app.drain();
  assert.deepEqual(await received(app), {}, 'a lease is respected while it lasts');
  for (let steps = 0; steps < 12; steps += 1) {
    app.clock.advance(5_000);
    await app.drain();
  }
  assert.equal(await stateOf(app, late.dispatch_id), 'finished');
  assert.deepEqual(await statusesOf(app, soon.dispatch_id), { ada: 'expired expired' });
  assert.deepEqual(await statusesOf(app, toAll.dispatch_id), {
    ...{ ada: 'expired expired', bob: 'expired expired', cid: 'expired expired' },
  });
  assert.deepEqual(await statusesOf(app, late.dispatch_id), { bob: 'sent' });
  const outbox = async () => (await app.get('/sandbox/messages')).body.messages.length;
  assert.equal(await outbox(), 1);

  // An operator may still send what has expired.
  await app.post(`/dispatches/${soon.dispatch_id}/replay`, { statuses: ['expired'] });
  await app.drain();
  assert.deepEqual(await statusesOf(app, soon.dispatch_id), { ada: 'sent' });
  await another.worker?.stop();
  await goTo(app, '2027-06-01T12:00:00Z');
  assert.deepEqual(await statusesOf(app, future.dispatch_id), { cid: 'sent' });
  assert.equal(await outbox(), 3);
});

test('an update, a pause or a deletion that comes while a worker is about to fire wins', async (t) => {
  const app = await start(t, '2027-06-01T08:00:00Z', { worker: false });
  await track(app, { ada: {}, bob: {}, cid: {}, dora: {} });
  const schedule = { time: '2027-06-01T09:00:00Z' };
  const [ada, bob, cid, dora] = await Promise.all(
    ['ada', 'bob', 'cid', 'dora'].map((name) => create(app, { external_user_ids: [name], schedule })),
  );
  app.clock.advance(HOUR);
  const { db, clock } = app;
  const worker = randomUUID();
  const filter = { lane: scheduleLane, work: 'sending' } as const;
  const tasks = await leaseTasks(db, { filter, worker, limit: 10, now: clock.now() });
  assert.equal(tasks.length, 4);
  const later = { time: '2027-06-01T10:00:00Z' };
  for (const [path, body] of [
    ['/messages/schedule/update', { schedule_id: ada.schedule_id, schedule: later }],
    ['/messages/schedule/delete', { schedule_id: bob.schedule_id }],
    [`/dispatches/${cid.dispatch_id}/pause`, {}],
  ] as const)
    assert.equal((await app.post(path, body)).status, 201, path);
  const catalog = (): Catalog => ({ workspace: () => app.workspace() }) as unknown as Catalog;
  const finisher = createFinisher({ db, clock, worker });
  const deps = { ...{ db, clock, worker, catalog, finisher, traces: noTraces }, log: pino({ level: 'silent' }) };
  await fireSchedules(deps, tasks, () => undefined);
  const states = async () => Promise.all([ada, bob, cid, dora].map(({ dispatch_id }) => stateOf(app, dispatch_id)));
  assert.deepEqual(await states(), ['scheduled', 'cancelled', 'paused', 'accepted']);
  assert.equal((await app.post(`/dispatches/${cid.dispatch_id}/resume`, {})).body.state, 'scheduled');
  await fireSchedules(deps, tasks, () => undefined); // as by a worker that does not know that it lost its leases
  assert.deepEqual(await states(), ['scheduled', 'cancelled', 'scheduled', 'accepted']);

  await app.startAnotherWorker();
  await goTo(app, '2027-06-01T11:00:00Z');
  assert.deepEqual(await states(), ['finished', 'cancelled', 'finished', 'finished']);
  assert.deepEqual(await received(app), {
    ...{ ada: '2027-06-01T10:00', cid: '2027-06-01T09:00', dora: '2027-06-01T09:00' },
  });
  assert.equal((await app.get('/sandbox/messages')).body.messages.length, 3);
});

test('what waits for its time is no pressure', async (t) => {
  const limit = { maxTasks: 2, maxAgeMs: 60_000 };
  const app = await startTestApp(t, { worker: false, queueLimits: { named: limit, broadcast: limit } });
  await track(app, { ada: { time_zone: 'Pacific/Honolulu' } });
  const schedule = { time: '2026-03-16T09:00:00' };
  for (let n = 0; n < 4; n += 1) {
    await create(app, { external_user_ids: ['ada'], schedule });
    await create(app, { ...everybody, schedule });
    await create(app, {
      external_user_ids: ['ada'],
      schedule: { ...schedule, time: '2026-03-15T12:00:00', in_local_time: true },
    });
  }
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  const { timed } = await app.db.one<{ timed: number }>(
    sql`select count(*) as timed from tasks where lane = 0 and is_timed`,
  );
  assert.equal(timed, 4, 'they wait for 12:00 in Honolulu');
  await worker?.stop();
  const { queue } = (await app.get('/status')).body;
  assert.deepEqual([queue.named.tasks, queue.named.oldest_waiting_s, queue.broadcast.tasks], [0, 0, 0]);
  for (let n = 0; n < 2; n += 1) {
    app.clock.advance(1_001);
    assert.equal((await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } })).status, 201);
  }
});

test('3,000 people in 30 zones on a day of clock changes: each at the right instant, once, though a worker dies', async (t) => {
  const app = await start(t, '2027-03-27T12:00:00Z', { worker: false });
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 3_000 });
  await app.db.run(sql`update profiles set time_zone = (${thirtyZones}::text[])[user_id % 30 + 1]`);
  await app.startAnotherWorker();
  await app.startAnotherWorker();
  await create(app, { ...everybody, schedule: { time: '2027-03-28T09:00:00', in_local_time: true } });
  await goTo(app, '2027-03-28T06:59:59Z');
  // A worker leased the tasks of some buckets for Vienna's moment, and died before it did anything.
  const vienna = new Date('2027-03-28T07:00:00Z');
  const leased = await app.db.run(sql`
    update tasks
       set worker = ${randomUUID()}, tries = 1, leased_until = ${new Date(vienna.getTime() + LEASE_MS)}
     where run_at = ${vienna} and bucket < 16`);
  assert.ok(leased > 0);
  for (let steps = 0; steps < 30; steps += 1) {
    app.clock.advance(1_000);
    await app.drain();
  }
  await goTo(app, '2027-03-29T00:00:00Z');
  const rows = await app.db.query<{ late: number; people: number; messages: number }>(sql`
    select extract(epoch from date_trunc('minute', m.at) - '2027-03-28 09:00'::timestamp at time zone p.time_zone)::integer as late,
           count(*) as people, sum(m.messages)::integer as messages
      from profiles p
      left join (select bucket, user_id, min(delivered_at) as at, count(*) as messages
                   from sandbox_messages group by 1, 2) as m on m.bucket = p.bucket and m.user_id = p.user_id
     group by 1`);
  assert.deepEqual(rows, [{ late: 0, people: 3_000, messages: 3_000 }]);
  const { attempts } = await app.db.one<{ attempts: number }>(sql`select sum(attempts) as attempts from sends`);
  assert.equal(attempts, 3_000);
  const [taken] = await app.db.query<{ people: number }>(sql`
    select count(*) as people from sandbox_messages where delivered_at > ${vienna} and delivered_at < '2027-03-28T07:01:00Z'`);
  assert.ok((taken?.people ?? 0) > 0, 'another worker took the dead one’s tasks');
});
