// Quiet hours: what is held goes out when they end, once; what is dropped says so.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { LEASE_MS } from '../src/queue/tasks.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { holdExpansion } from './support/hold-expansion.ts';
import { givenPopulation } from './support/population.ts';
import { goTo, received } from './support/schedules.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const webhook = { url: 'https://example.com/{{${user_id}}}', request_method: 'POST' };
const email = { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>' };
const night = { from: '22:00', until: '08:00' };

async function track(app: TestApp, people: Record<string, object>): Promise<void> {
  const attributes = Object.entries(people).map(([external_id, rest]) => ({ external_id, ...rest }));
  const { status, body } = await app.post('/users/track', { attributes });
  assert.equal(status, 201, JSON.stringify(body));
}

async function send(app: TestApp, body: object, path = '/messages/send'): Promise<string> {
  const reply = await app.post(path, { messages: { webhook }, ...body });
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  await app.drain();
  return reply.body.dispatch_id;
}

const verdicts = async (app: TestApp, id: string): Promise<Record<string, string>> => {
  const { body } = await app.get(`/dispatches/${id}/recipients`);
  return Object.fromEntries(
    body.recipients.map((one: Record<string, string>) => [one.external_id, `${one.status} ${one.reason ?? ''}`.trim()]),
  );
};

test('a message with quiet hours waits for their end by the clock of each person, and everything says so', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-03-27T21:30:00Z') });
  await track(app, {
    ada: { time_zone: 'Europe/Vienna' }, // 22:30; clocks go on at 02:00
    bob: { time_zone: 'America/New_York' }, // 17:30
    cid: {},
  });
  await app.givenWorkspace('time_zone: Asia/Tokyo'); // 06:30
  const asked = { external_user_ids: ['ada', 'bob', 'cid'], cresset: { quiet_hours: night } };
  const rehearsed = await app.post('/messages/send', {
    ...asked,
    messages: { webhook },
    cresset: { ...asked.cresset, dry_run: true },
  });
  assert.deepEqual(rehearsed.body.channels.webhook, {
    ...{ recipients: 3, attempts: 0, attempts_failed: 0, attempts_in_flight: 0 },
    ...{ would_be_held: 2, would_be_sent: 1 },
  });
  const [ada] = rehearsed.body.recipients;
  assert.deepEqual(
    [ada.status, ada.reason, ada.detail, ada.held_until],
    [
      ...['would_be_held', 'quiet_hours', 'held by quiet hours of the request: 22:00 to 08:00 in Europe/Vienna'],
      '2027-03-28T06:00:00.000Z',
    ],
  );

  const id = await send(app, asked);
  assert.deepEqual(await verdicts(app, id), { ada: 'pending quiet_hours', bob: 'sent', cid: 'pending quiet_hours' });
  const { body } = await app.get(`/dispatches/${id}`);
  assert.equal(body.state, 'sending');
  assert.deepEqual([body.channels.webhook.held, body.channels.webhook.sent], [2, 1]);
  assert.deepEqual(body.held, {
    ...{ messages: 2, first_until: '2027-03-27T23:00:00.000Z', last_until: '2027-03-28T06:00:00.000Z' },
  });
  const [listed] = (await app.get('/dispatches')).body.dispatches;
  const wait = { channel: null, why: 'held by quiet hours', until: '2027-03-27T23:00:00.000Z' };
  assert.deepEqual([listed.state, listed.waits], ['sending', [wait]]);
  const [message] = (await app.get('/users/ada/messages')).body.messages;
  assert.deepEqual(
    [message.status, message.reason, message.next_attempt_at],
    ['pending', 'quiet_hours', '2027-03-28T06:00:00.000Z'],
  );
  const held = await app.get(`/dispatches/${id}/recipients?reason=quiet_hours&status=pending`);
  assert.equal(held.body.recipients.length, 2);
  const { queue } = (await app.get('/status')).body;
  const { tasks, oldest_waiting_s } = queue.named;
  assert.deepEqual([tasks, oldest_waiting_s], [0, 0], 'what is held does not count as waiting');

  await goTo(app, '2027-03-28T05:59:59Z');
  assert.deepEqual(await received(app), { bob: '2027-03-27T21:30', cid: '2027-03-27T23:00' });
  await goTo(app, '2027-03-28T06:00:00Z');
  assert.deepEqual(await received(app), { ada: '2027-03-28T06:00', bob: '2027-03-27T21:30', cid: '2027-03-27T23:00' });
  const over = (await app.get(`/dispatches/${id}`)).body;
  assert.deepEqual([over.state, over.channels.webhook.sent, over.held], ['finished', 3, undefined]);
  assert.equal((await app.get('/dispatches')).body.dispatches[0].waits, undefined);
  const [sent] = (await app.get(`/dispatches/${id}/recipients`)).body.recipients;
  assert.deepEqual([sent.reason, sent.detail, sent.attempts], [null, null, 1]);
});

test('what was held is asked anew when it goes: by every gate, and in the zone of then', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T22:00:00Z') });
  const vienna = { time_zone: 'Europe/Vienna', vip: true };
  await track(app, {
    ada: { ...vienna, email: 'ada@acme.test' },
    bob: { ...vienna, email: 'bob@acme.test' },
    cid: { ...vienna, email: 'cid@acme.test' },
    dora: { ...vienna, email: 'dora@acme.test' },
    eve: { ...vienna, email: 'eve@acme.test' },
  });
  const id = await send(app, {
    broadcast: true,
    audience: { AND: [{ custom_attribute: { custom_attribute_name: 'vip', comparison: 'equals', value: true } }] },
    messages: { email },
    cresset: { quiet_hours: [{ ...night, channels: ['email'] }] },
  });
  assert.deepEqual([...new Set(Object.values(await verdicts(app, id)))], ['pending quiet_hours']);
  await track(app, {
    bob: { email_subscribe: 'unsubscribed' },
    cid: { vip: false },
    dora: { time_zone: 'America/New_York' },
  });
  await app.post('/users/delete', { external_ids: ['eve'] });
  await goTo(app, '2027-06-02T06:00:00Z');
  const morning = await verdicts(app, id);
  assert.deepEqual(
    [morning.ada, morning.bob, morning.cid, morning.dora],
    ['sent', 'skipped unsubscribed', 'skipped not_in_audience', 'pending quiet_hours'],
    'in New York it is 02:00',
  );
  await goTo(app, '2027-06-02T12:00:00Z');
  assert.equal((await verdicts(app, id)).dora, 'sent');
  assert.equal((await app.get(`/dispatches/${id}`)).body.state, 'finished');
});

test('what is held keeps its end when the window is taken out of the file; cancel and replay decide it at once', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T22:00:00Z') });
  await app.givenWorkspace('quiet_hours: { from: "21:00", until: "09:00", action: hold }');
  await track(app, { ada: {}, bob: {} });
  const [kept, released] = [
    await send(app, { external_user_ids: ['ada'] }),
    await send(app, { external_user_ids: ['bob'] }),
  ];
  await app.givenWorkspace('quiet_hours: []');
  await app.drain();
  assert.deepEqual((await verdicts(app, kept)).ada, 'pending quiet_hours');
  assert.equal((await app.post(`/dispatches/${released}/cancel`, {})).status, 201);
  const replayed = await app.post(`/dispatches/${released}/replay`, { statuses: ['cancelled'] });
  assert.deepEqual([replayed.status, replayed.body.recipients], [201, 1], JSON.stringify(replayed.body));
  await app.drain();
  assert.deepEqual((await verdicts(app, released)).bob, 'sent');
  await goTo(app, '2027-06-02T09:00:00Z');
  assert.deepEqual((await verdicts(app, kept)).ada, 'sent');
});

test("the workspace's own quiet hours abort, as the original's do; they take no slot, and a replay sends later", async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T22:00:00Z') });
  await app.givenWorkspace(`
quiet_hours:
  - { from: "21:00", until: "09:00", channels: [webhook, sms] }
frequency_caps:
  - { channel: webhook, max_sends: 1, period_count: 1, period_unit: weeks }
campaigns:
  - { id: spring, name: Spring, kind: api, quiet_hours: { from: "22:00", until: "10:00" }, variations: [{ id: hook, channel: webhook }] }
  - { id: bills, name: Bills, kind: api, obeys_quiet_hours: false, variations: [{ id: bill, channel: webhook }] }
  - { id: codes, name: Codes, kind: transactional, messages: { webhook: { url: "https://example.com/", request_method: POST } } }
`);
  await track(app, { ada: { email: 'ada@acme.test' } });
  const to = { external_user_ids: ['ada'] };
  const only = async (id: string) => (await verdicts(app, id)).ada;
  const hook = (variation: string) => ({ messages: { webhook: { ...webhook, message_variation_id: variation } } });

  const aborted = await send(app, to);
  assert.equal(await only(aborted), 'aborted quiet_hours');
  assert.deepEqual((await app.get(`/dispatches/${aborted}`)).body.channels.webhook.quiet_hours, 1);
  const { body: reach } = await app.post('/audience/preview', {
    audience: { AND: [{ custom_attribute: { custom_attribute_name: 'x', comparison: 'does_not_exist' } }] },
    channels: ['webhook', 'email'],
  });
  assert.deepEqual(reach.reachable, { webhook: 1, email: 1 });
  assert.deepEqual(reach.in_quiet_hours, { webhook: 1, email: 0 });
  assert.equal(await only(await send(app, { ...to, messages: { email } })), 'sent', 'mails have no quiet hours');
  assert.equal(
    await only(await send(app, { ...to, ...hook('bill'), campaign_id: 'bills' })),
    'sent',
    'no slot was taken',
  );
  await app.db.run(sql`delete from cap_slots`);
  assert.equal(await only(await send(app, { ...to, ...hook('hook'), campaign_id: 'spring' })), 'aborted quiet_hours');
  const ignoring = { ...to, ...hook('hook'), campaign_id: 'spring', ignore_workspace_quiet_hours: true };
  assert.equal(await only(await send(app, ignoring)), 'pending quiet_hours', 'those of the campaign hold');
  assert.equal(await only(await send(app, { ...to, ignore_workspace_quiet_hours: 'true' })), 'sent');
  const { body: transactional } = await app.post('/transactional/v1/campaigns/codes/send', {
    recipient: { external_user_id: 'ada' },
  });
  await app.drain();
  assert.equal(await only(transactional.dispatch_id), 'sent', 'a transactional campaign goes out at any time');
  const schedule = { schedule: { time: '2027-06-02T01:00:00Z' } };
  const later = await send(
    app,
    { ...to, ...schedule, ignore_workspace_quiet_hours: true },
    '/messages/schedule/create',
  );
  const atNight = await send(app, { ...to, ...schedule }, '/messages/schedule/create');
  await app.db.run(sql`delete from cap_slots`);
  await goTo(app, '2027-06-02T01:00:00Z');
  assert.deepEqual([await only(later), await only(atNight)], ['sent', 'aborted quiet_hours']);

  await app.db.run(sql`delete from cap_slots`);
  await goTo(app, '2027-06-02T09:00:00Z');
  await app.post(`/dispatches/${aborted}/replay`, { statuses: ['aborted'] });
  await app.drain();
  assert.equal(await only(aborted), 'sent');
});

test('wrong quiet hours are told with their path', async (t) => {
  const app = await startTestApp(t);
  for (const [quiet_hours, problem] of [
    [{ from: '22:00' }, 'cresset.quiet_hours.until: is required'],
    [{ from: '24:00', until: '08:00' }, 'cresset.quiet_hours.from: expected a time of day as a text, such as "22:00"'],
    [{ from: '08:00', until: '08:00' }, 'cresset.quiet_hours: expected from and until to differ'],
    [{ from: '08:00', until: '06:00' }, 'cresset.quiet_hours: expected at most 20 hours between from and until'],
    [[{ ...night, action: 'wait' }], 'cresset.quiet_hours[0].action: expected one of hold, drop'],
    [
      [{ ...night, channels: [] }],
      'cresset.quiet_hours[0]: expected at least one of channels; leave the member out to mean all',
    ],
    [[night, night], 'cresset.quiet_hours: expected at most one window for each channel, got several for push'],
    [7, 'cresset.quiet_hours: expected an object'],
  ] as const) {
    const reply = await app.post('/messages/send', {
      ...{ external_user_ids: ['ada'], messages: { webhook }, cresset: { quiet_hours } },
    });
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.body.errors, [problem]);
  }
  const misplaced = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { webhook },
    quiet_hours: night,
  });
  assert.match(misplaced.body.errors[0], /^quiet_hours: belongs into cresset/);
});

test('an optimal time within quiet hours moves to their nearer end', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T08:00:00Z') });
  const at = (hour: string) => ({ time_zone: 'UTC', purchases: `2027-05-20T${hour}:10:00Z` });
  const people = { ada: at('23'), bob: at('05'), cid: at('02'), dora: at('12') };
  await track(app, Object.fromEntries(Object.keys(people).map((name) => [name, { time_zone: 'UTC' }])));
  await app.post('/users/track', {
    events: Object.entries(people).map(([external_id, { purchases: time }]) => ({ external_id, name: 'seen', time })),
  });
  await send(
    app,
    {
      external_user_ids: Object.keys(people),
      schedule: { time: '2027-06-02', at_optimal_time: true },
      cresset: { quiet_hours: { from: '22:00', until: '06:00' } },
    },
    '/messages/schedule/create',
  );
  await goTo(app, '2027-06-03T12:00:00Z');
  assert.deepEqual(await received(app), {
    ada: '2027-06-02T22:00', // 23:00
    bob: '2027-06-02T06:00', // 05:00
    cid: '2027-06-02T06:00', // 02:00, in the middle
    dora: '2027-06-02T12:00',
  });
});

test('a retry within quiet hours is held too, and its age counts from their end', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T19:00:00Z') });
  const { createServer } = await import('node:http');
  const answers: number[] = [];
  const server = createServer((_request, response) => {
    answers.push(app.clock.now().getTime());
    response.writeHead(answers.length < 3 ? 500 : 200).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as { port: number };
  await app.givenWorkspace('webhook: { deliver: true, allow: ["127.0.0.1:PORT"] }'.replace('PORT', String(port)));
  await track(app, { ada: { time_zone: 'UTC' } });
  const id = await send(app, {
    external_user_ids: ['ada'],
    messages: { webhook: { url: `http://127.0.0.1:${port}/`, request_method: 'POST' } },
    cresset: { quiet_hours: { from: '19:00', until: '08:00' } },
  });
  await goTo(app, '2027-06-02T08:00:00Z');
  assert.equal(answers.length, 1, JSON.stringify((await app.get(`/dispatches/${id}/recipients`)).body));
  assert.equal(new Date(answers[0] ?? 0).toISOString(), '2027-06-02T08:00:00.000Z');
  await goTo(app, '2027-06-02T09:00:00Z');
  assert.equal((await verdicts(app, id)).ada, 'sent', 'it is tried again as if it had been accepted in the morning');
  assert.equal(answers.length, 3);
});

test('who is written down while others of the same bucket wait for the end of their quiet hours does not wait with them', async (t) => {
  const people = 3_000;
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T22:00:00Z') });
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: people });
  // In Vienna it is midnight, in New York the evening.
  await app.db.run(sql`
    update profiles set time_zone = case when user_id % 2 = 0 then 'Europe/Vienna' else 'America/New_York' end`);
  const goOn = await holdExpansion(app.db, 2_000);
  const body = {
    ...{ broadcast: true, messages: { webhook }, cresset: { quiet_hours: { from: '22:00', until: '08:00' } } },
    audience: { AND: [{ custom_attribute: { custom_attribute_name: 'never', comparison: 'does_not_exist' } }] },
  };
  assert.equal((await app.post('/messages/send', body)).status, 201);
  const untilWaiting = async () => {
    const { open, later } = await app.db.one<{ open: number; later: number }>(sql`
      select count(*) filter (where run_at <= ${app.clock.now()}) as open, count(*) filter (where run_at > ${app.clock.now()}) as later
        from tasks where kind = 'drain'`);
    return open === 0 && later > 0;
  };
  while (!(await untilWaiting()));
  await goOn();
  await app.drain();
  const { waiting, sent } = await app.db.one<{ waiting: number; sent: number }>(sql`
    select count(*) filter (where s.status = 'pending' and p.time_zone = 'America/New_York') as waiting,
           count(*) filter (where s.status = 'sent') as sent
      from sends s join profiles p on p.bucket = s.bucket and p.user_id = s.user_id`);
  assert.deepEqual({ waiting, sent }, { waiting: 0, sent: people / 2 });
});

/** Zones whose clocks show 40 different times, or change at different moments. */
const zones = Intl.supportedValuesOf('timeZone')
  .filter((_, index, all) => index % Math.floor(all.length / 40) === 0)
  .slice(0, 40);
const PEOPLE = Number(process.env.CRESSET_TEST_QUIET_PEOPLE ?? 200);

test(`${PEOPLE} people in 40 zones over a change of clocks, half of the workers dead meanwhile: each once, at the right time`, async (t) => {
  const start = '2027-03-27T20:00:00Z';
  const app = await startTestApp(t, { startsAt: new Date(start) });
  const others = [await app.startAnotherWorker(), await app.startAnotherWorker(), await app.startAnotherWorker()];
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: PEOPLE });
  await app.db.run(sql`update profiles set time_zone = (${zones}::text[])[1 + user_id % 40]`);
  const id = await send(app, {
    broadcast: true,
    audience: { AND: [{ custom_attribute: { custom_attribute_name: 'never', comparison: 'does_not_exist' } }] },
    cresset: { quiet_hours: { from: '20:00', until: '09:30' } },
  });
  await goTo(app, start);
  // Two workers go, and a third dies as soon as it has taken tasks: of many, a sixteenth, since each is tried alone.
  await Promise.all(others.slice(0, 2).map((one) => one.stop()));
  const leasedUntil = new Date(Date.parse(start) + LEASE_MS);
  const taken = await app.db.run(sql`
    update tasks set tries = 1, worker = ${randomUUID()}, leased_until = ${leasedUntil} where id % 16 = 0 or ${PEOPLE} < 1000`);
  assert.ok(taken > 0, 'messages are held');
  for (let held = taken; held > 0; ) {
    app.clock.advance(1_000);
    await app.drain();
    ({ held } = await app.db.one<{ held: number }>(sql`select count(leased_until) as held from tasks`));
  }
  await goTo(app, '2027-03-29T00:00:00Z');
  const rows = await app.db.query<{ zone: string; at: Date; messages: number }>(sql`
    select p.time_zone as zone, m.delivered_at as at, count(*) as messages
      from sandbox_messages m
      join profiles p on p.bucket = m.bucket and p.user_id = m.user_id
     group by 1, 2`);
  for (const { zone, at } of rows) assert.equal(at.toISOString().slice(0, 16), expectedIn(zone, start), zone);
  assert.equal(
    rows.reduce((sum, { messages }) => sum + messages, 0),
    PEOPLE,
  );
  const { attempts } = await app.db.one<{ attempts: number }>(sql`select sum(attempts) as attempts from sends`);
  assert.equal(attempts, PEOPLE, 'nobody was tried twice');
  assert.equal((await app.get(`/dispatches/${id}`)).body.channels.webhook.sent, PEOPLE);
});

/** The first minute from `start` on at which a clock of the zone shows a time outside of 20:00 to 09:30. */
function expectedIn(zone: string, start: string): string {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  for (let at = Date.parse(start); ; at += 60_000) {
    const shown = clock.format(at);
    if (shown >= '09:30' && shown < '20:00') return new Date(at).toISOString().slice(0, 16);
  }
}
