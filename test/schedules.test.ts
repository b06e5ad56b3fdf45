// Schedules: what is sent later, each person at their own time, once.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

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

/** Moves the clock to an instant, in steps at which something is due, and lets everything happen. */
async function goTo(app: TestApp, at: string): Promise<void> {
  const end = Date.parse(at);
  for (;;) {
    await app.drain();
    const { due } = await app.db.one<{ due: Date | null }>(sql`select min(run_at) as due from tasks`);
    const next = due === null ? end : Math.min(end, Math.max(due.getTime(), app.clock.now().getTime()));
    if (next === app.clock.now().getTime() && next === end) break;
    app.clock.advance(next - app.clock.now().getTime());
    await app.drain();
    if (next === end) break;
  }
  await app.drain();
}

/** When each person got a message, by external id. */
async function received(app: TestApp): Promise<Record<string, string>> {
  const rows = await app.db.query<{ external_id: string; at: Date }>(sql`
    select p.external_id, m.delivered_at as at
      from sandbox_messages m
      join profiles p on p.bucket = m.bucket and p.user_id = m.user_id
     order by p.external_id`);
  return Object.fromEntries(rows.map((row) => [row.external_id, row.at.toISOString().slice(0, 16)]));
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

test('local time', async (t) => {
  const app = await start(t, '2027-06-01T12:00:00Z');
  await app.givenWorkspace(workspace);
  await track(app, {
    london: { time_zone: 'Europe/London' },
    vienna: { time_zone: 'Europe/Vienna' },
    kolkata: { time_zone: 'Asia/Kolkata' },
    nowhere: {},
  });
  const { dispatch_id } = await create(app, {
    segment_id: undefined,
    broadcast: true,
    audience: { AND: [{ custom_attribute: { custom_attribute_name: 'x', comparison: 'does_not_exist' } }] },
    schedule: { time: '2027-06-01T14:00:00', in_local_time: true },
  });
  await goTo(app, '2027-06-01T12:00:00Z');
  assert.deepEqual(await received(app), { nowhere: '2027-06-01T12:00', vienna: '2027-06-01T12:00' });
  await goTo(app, '2027-06-01T14:00:00Z');
  console.log(
    await received(app),
    (await app.get(`/dispatches/${dispatch_id}`)).body,
    (await app.get(`/dispatches/${dispatch_id}/recipients`)).body.recipients,
  );
});
void [HOUR];
