// The dry run of a schedule decides for the moment at which each message would be due, not for the moment of the request.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const night = { from: '00:00', until: '10:00' };
const messages = {
  webhook: {
    url: 'https://example.com/{{${user_id}}}',
    request_method: 'POST',
    body: "{{ 'now' | date: '%F %H:%M' }}",
  },
};

type Verdict = Record<'external_id' | 'status' | 'reason' | 'held_until' | 'due_at', string | null>;

async function rehearse(app: TestApp, schedule: object, { cresset = {}, ...rest }: Record<string, object> = {}) {
  const body = {
    schedule,
    messages,
    external_user_ids: ['ada', 'bob'],
    ...rest,
    cresset: { dry_run: true, ...cresset },
  };
  const reply = await app.post('/messages/schedule/create', body);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  const verdicts: Verdict[] = reply.body.recipients;
  return {
    ...{ body: reply.body, said: Object.fromEntries(verdicts.map((one) => [one.external_id, one.status])) },
    ...{ due: Object.fromEntries(verdicts.map((one) => [one.external_id, one.due_at ?? null])) },
    ...{ held: Object.fromEntries(verdicts.map((one) => [one.external_id, one.held_until ?? null])) },
  };
}

async function givenTwo(app: TestApp): Promise<void> {
  const attributes = [
    { external_id: 'ada', time_zone: 'Europe/Vienna', plan: 'gold' },
    { external_id: 'bob', time_zone: 'America/New_York', plan: 'gold' },
  ];
  assert.equal((await app.post('/users/track', { attributes })).status, 201);
}

test('quiet hours are asked at the time of the schedule, by the clock of each person', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2026-12-01T03:09:00Z') });
  await givenTwo(app);
  const quiet = { cresset: { quiet_hours: night } };

  const local = await rehearse(app, { time: '2026-12-05T12:00:00', in_local_time: true }, quiet);
  assert.deepEqual(local.said, { ada: 'would_be_sent', bob: 'would_be_sent' });
  const early = await rehearse(app, { time: '2026-12-05T09:00:00', in_local_time: true }, quiet);
  assert.deepEqual(early.held, { ada: '2026-12-05T09:00:00.000Z', bob: '2026-12-05T15:00:00.000Z' });

  const instant = await rehearse(app, { time: '2026-12-05T12:00:00Z' }, quiet);
  assert.deepEqual(instant.said, { ada: 'would_be_sent', bob: 'would_be_held' }, 'seven in New York');
  assert.equal(instant.held.bob, '2026-12-05T15:00:00.000Z');

  const optimal = await rehearse(app, { time: '2026-12-05', at_optimal_time: true }, quiet);
  assert.deepEqual(optimal.said, { ada: 'would_be_sent', bob: 'would_be_sent' }, 'noon');
});

test('each verdict says at which instant the message would be due, by the clock of each person', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2026-12-01T03:09:00Z') });
  await givenTwo(app);
  await app.post('/users/track', { attributes: [{ external_id: 'eve' }] });
  const people = { external_user_ids: ['ada', 'bob', 'eve'] };
  const local = await rehearse(app, { time: '2026-12-05T12:00:00', in_local_time: true }, people);
  const noon = { ada: '2026-12-05T11:00:00.000Z', bob: '2026-12-05T17:00:00.000Z', eve: '2026-12-05T12:00:00.000Z' };
  assert.deepEqual(local.due, noon, 'without a zone that of the workspace');
  const quiet = { cresset: { quiet_hours: night } };
  const early = await rehearse(app, { time: '2026-12-05T09:00:00', in_local_time: true }, quiet);
  assert.equal(early.due.ada, '2026-12-05T08:00:00.000Z');
  assert.equal(early.held.ada, '2026-12-05T09:00:00.000Z', 'held until then');
  const optimal = await rehearse(app, { time: '2026-12-05', at_optimal_time: true }, people);
  assert.deepEqual(optimal.due, noon);
  const instant = await rehearse(app, { time: '2026-12-05T12:00:00Z' });
  assert.deepEqual(instant.due, { ada: '2026-12-05T12:00:00.000Z', bob: '2026-12-05T12:00:00.000Z' });
  const now = await app.post('/messages/send', { ...people, messages, cresset: { dry_run: true } });
  assert.ok(
    now.body.recipients.every((one: Verdict) => !('due_at' in one)),
    'what goes out at once has none',
  );
});

test('a message is rendered for its time, and one whose time has passed for a person expires', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2026-12-05T12:30:00Z') });
  await givenTwo(app);
  const { body, said } = await rehearse(app, { time: '2026-12-05T12:00:00', in_local_time: true });
  assert.deepEqual(said, { ada: 'expired', bob: 'would_be_sent' }, 'in Vienna it is half past one');
  assert.deepEqual(
    body.recipients.map((one: Verdict) => one.due_at ?? null),
    [null, '2026-12-05T17:00:00.000Z'],
    'what would not go out is due at no time',
  );
  assert.deepEqual(
    body.samples.map((one: { message: { body: string } }) => one.message.body),
    ['2026-12-05 17:00'],
  );
});

test('caps count what lies in their window at the time of the schedule', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2026-12-01T03:09:00Z') });
  await givenTwo(app);
  await app.givenWorkspace('frequency_caps: [{ channel: webhook, max_sends: 1, period_count: 2, period_unit: days }]');
  const sent = await app.post('/messages/send', { external_user_ids: ['ada'], messages });
  assert.equal(sent.status, 201);
  await app.drain();
  const capped = { cresset: { quiet_hours: { from: '02:00', until: '02:01' } } };
  const soon = await rehearse(app, { time: '2026-12-02T03:00:00Z' }, capped);
  assert.deepEqual(soon.said, { ada: 'skipped', bob: 'would_be_sent' });
  const later = await rehearse(app, { time: '2026-12-04T03:00:00Z' }, capped);
  assert.deepEqual(later.said, { ada: 'would_be_sent', bob: 'would_be_sent' });
});

test('an audience is evaluated for the time of the schedule, and once more for the own time of a person', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2026-12-01T03:09:00Z') });
  const attributes = [
    { external_id: 'ada', time_zone: 'Europe/Vienna', joined: { $time: '2026-12-01T00:00:00Z' } },
    { external_id: 'bob', time_zone: 'America/New_York', joined: { $time: '2026-12-01T00:00:00Z' } },
  ];
  assert.equal((await app.post('/users/track', { attributes })).status, 201);
  const joined = { custom_attribute_name: 'joined', comparison: 'less_than_x_days_ago', value: 4 };
  const broadcast = { broadcast: true as unknown as object, audience: { custom_attribute: joined } };
  const named = { external_user_ids: undefined as unknown as object };
  const within = await rehearse(app, { time: '2026-12-03T12:00:00Z' }, { ...named, ...broadcast });
  assert.deepEqual(within.body.counts.targeted, 2);
  const past = await rehearse(app, { time: '2026-12-06T12:00:00Z' }, { ...named, ...broadcast });
  assert.deepEqual(past.body.counts.targeted, 0);
  // It fires on 4 December at 10:00 UTC, when both fit. At midnight of Vienna she does, at that of New York he does not.
  const local = await rehearse(app, { time: '2026-12-05T00:00:00', in_local_time: true }, { ...named, ...broadcast });
  assert.deepEqual(local.said, { ada: 'would_be_sent', bob: 'skipped' });
});
