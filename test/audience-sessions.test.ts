// Sessions: how /users/track counts them, and the filters session_count and session_count_in_days over HTTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import pino from 'pino';
import { sql } from '../src/db/sql.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { TestClock } from './support/clock.ts';

/** It is noon of 15 March 2026. */
const REGULARS = '7d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

type Sessions = { date_of_first_session?: unknown; date_of_last_session?: unknown };
const last = (date: unknown): Sessions => ({ date_of_last_session: date });
const first = (date: unknown): Sessions => ({ date_of_first_session: date });

/** Tracks these objects for a person, each in a request of its own. */
async function given(app: TestApp, external_id: string, ...objects: Sessions[]): Promise<void> {
  for (const object of objects) await track(app, [{ external_id, ...object }]);
}

async function track(app: TestApp, attributes: object[]): Promise<void> {
  const { status, body } = await app.post('/users/track', { attributes });
  assert.deepEqual([status, body.errors], [201, undefined], JSON.stringify(body));
}

/** The number of sessions of a person in all, and by day. */
async function sessionsOf(app: TestApp, externalId: string): Promise<{ total: number; days: Record<string, number> }> {
  const { total, days } = await app.db.one<{ total: number; days: Record<string, number> | null }>(sql`
    select p.session_count as total,
           (select json_object_agg(s.day, s.count order by s.day) from session_days s
             where s.bucket = p.bucket and s.user_id = p.user_id) as days
      from profiles p
     where p.external_id = ${externalId}`);
  return { total, days: days ?? {} };
}

const counted: [name: string, objects: Sessions[], total: number, days: Record<string, number>][] = [
  ['one session', [last('2026-03-14T10:00:00Z')], 1, { '2026-03-14': 1 }],
  ['the same session again', [last('2026-03-14T10:00:00Z'), last('2026-03-14 11:00+0100')], 1, { '2026-03-14': 1 }],
  ['two of one day', [last('2026-03-14T10:00:00Z'), last('2026-03-14T10:00:00.001Z')], 2, { '2026-03-14': 2 }],
  ['an earlier one', [last('2026-03-14'), last('2026-03-13')], 1, { '2026-03-14': 1 }],
  [
    'back and forward',
    [last('2026-03-14'), last('2026-03-10'), last('2026-03-12')],
    2,
    { '2026-03-12': 1, '2026-03-14': 1 },
  ],
  ['the day in UTC', [last('2026-03-14T23:30:00-01:00')], 1, { '2026-03-15': 1 }],
  ['only the first', [first('2026-03-01')], 1, { '2026-03-01': 1 }],
  ['first and last', [{ ...first('2026-03-01'), ...last('2026-03-14') }], 2, { '2026-03-01': 1, '2026-03-14': 1 }],
  ['first and last are one', [{ ...first('2026-03-14'), ...last('2026-03-14') }], 1, { '2026-03-14': 1 }],
  ['first, then the same as last', [first('2026-03-14'), last('2026-03-14')], 1, { '2026-03-14': 1 }],
  ['first after last', [last('2026-03-14'), first('2026-03-01')], 1, { '2026-03-14': 1 }],
  ['another first', [first('2026-03-01'), first('2026-03-02')], 1, { '2026-03-01': 1 }],
  ['removed and given again', [last('2026-03-14'), last(null), last('2026-03-14')], 2, { '2026-03-14': 2 }],
  ['no time', [last('')], 0, {}],
  ['days out of reach are only in the total', [{ ...first('2019-01-01'), ...last('2026-01-11') }], 2, {}],
  ['the oldest day that is kept', [last('2026-01-11T23:59:59.999Z'), last('2026-01-12')], 2, { '2026-01-12': 1 }],
  ['a day to come', [last('2999-12-31')], 1, { '2999-12-31': 1 }],
];

test('a session is counted whenever the time of the last one moves forward', async (t) => {
  const app = await startTestApp(t, { worker: false });
  for (const [name, objects, total, days] of counted) {
    await given(app, name, ...objects);
    assert.deepEqual(await sessionsOf(app, name), { total, days }, name);
  }
});

test('however objects are spread over requests, they tell of the same sessions', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const date = fc.constantFrom(
    '2026-03-14T10:00:00Z',
    '2026-03-14T11:00:00Z',
    '2026-03-12',
    '2026-01-01',
    null,
    'soon',
  );
  const object = fc.record(
    { date_of_first_session: date, date_of_last_session: date, who: fc.constantFrom('ada', 'bob') },
    { requiredKeys: ['who'] },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 8 }), async (objects) => {
      run += 1;
      const named = (where: string) =>
        objects.map(({ who, ...dates }) => ({ external_id: `${who} ${where} ${run}`, ...dates }));
      await app.post('/users/track', { attributes: named('at once') });
      for (const one of named('one by one')) await app.post('/users/track', { attributes: [one] });
      for (const who of new Set(objects.map((one) => one.who))) {
        const atOnce = await sessionsOf(app, `${who} at once ${run}`);
        assert.deepEqual(atOnce, await sessionsOf(app, `${who} one by one ${run}`));
      }
    }),
    { numRuns: 40 },
  );
});

const inDays = (comparison: string, value: number, days: number) => ({
  session_count_in_days: { comparison, value, days },
});

/** Ada comes every day, Bob came at the edges of what a filter of 1 and of 30 days sees, Eve never. */
async function givenVisitors(app: TestApp): Promise<void> {
  await given(app, 'ada', last('2026-03-13T08:00:00Z'), last('2026-03-14T08:00:00Z'), last('2026-03-15T08:00:00Z'));
  await given(
    app,
    'bob',
    last('2026-02-12T23:59:59Z'),
    last('2026-02-13'),
    last('2026-03-13T23:59:59Z'),
    last('2026-03-14'),
  );
  await track(app, [{ external_id: 'eve' }]);
}

const asked: [filter: object, ...members: string[]][] = [
  [inDays('equals', 2, 1), 'ada'],
  [inDays('equals', 1, 1), 'bob'],
  [inDays('equals', 2, 2), 'bob'],
  [inDays('equals', 3, 30), 'ada', 'bob'],
  [inDays('not_equal', 3, 30), 'eve'],
  [inDays('does_not_equal', 3, 30), 'eve'],
  [inDays('equals', 0, 30), 'eve'],
  [inDays('less_than', 3, 30), 'eve'],
  [inDays('less_than_or_equal_to', 1, 1), 'bob', 'eve'],
  [inDays('greater_than', 1.5, 1), 'ada'],
  [inDays('greater_than_or_equal_to', 1, 1), 'ada', 'bob'],
  [{ NOT: inDays('greater_than', 0, 30) }, 'eve'],
  [{ session_count: { comparison: 'equals', value: 4 } }, 'bob'],
  [{ session_count: { comparison: 'greater_than', value: 0 } }, 'ada', 'bob'],
  [{ session_count: { comparison: 'equals', value: 0 } }, 'eve'],
];

const preview = async (app: TestApp, target: object) => {
  const { status, body } = await app.post('/audience/preview', { ...target, channels: [] });
  assert.equal(status, 201, JSON.stringify(body));
  return body.sample.map((one: { external_id: string }) => one.external_id).sort();
};

test('previews count sessions from midnight UTC so many days ago', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await givenVisitors(app);
  for (const [filter, ...members] of asked)
    assert.deepEqual(await preview(app, { filter }), members, JSON.stringify(filter));
});

test('a segment of the workspace file counts sessions, and an explanation says how many', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
segments: [{ id: ${REGULARS}, name: Regulars, filter: { session_count_in_days: { comparison: greater_than, value: 2, days: 7 } } }]`);
  await givenVisitors(app);
  assert.deepEqual(await preview(app, { segment_id: REGULARS }), ['ada']);
  const explained = await app.post('/audience/explain', { external_id: 'bob', segment_id: REGULARS });
  assert.deepEqual(
    [explained.status, explained.body.reason, explained.body.detail],
    [
      201,
      'not_in_segment',
      'segment.session_count_in_days: the number of sessions in 7 days is 2, greater_than 2 does not hold',
    ],
  );
  const messages = { webhook: { url: 'https://example.com/', request_method: 'POST' } };
  const sent = await app.post('/messages/send', { segment_id: REGULARS, broadcast: true, messages });
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  await app.drain();
  const { body } = await app.get(`/dispatches/${sent.body.dispatch_id}`);
  assert.equal(body.counts.targeted, 1);
});

test('a filter of sessions that is malformed is refused with its paths', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const { status, body } = await app.post('/audience/preview', {
    filter: { session_count_in_days: { comparison: 'above', value: '3', days: 31, count: 1 } },
  });
  assert.deepEqual(
    [status, body.errors],
    [
      400,
      [
        'filter.session_count_in_days.count: unknown member; comparison, value, days are known',
        'filter.session_count_in_days.comparison: "above" is not one of equals, not_equal, does_not_equal, greater_than, greater_than_or_equal_to, less_than, less_than_or_equal_to',
        'filter.session_count_in_days.value: expected a number, got a text',
        'filter.session_count_in_days.days: expected an integer from 1 to 30, got 31',
      ],
    ],
  );
  const connected = await app.post('/audience/preview', { audience: inDays('equals', 1, 1) });
  assert.equal(connected.status, 400);
});

test('sessions of merged people are added up by day, and go with the person who is deleted', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await given(app, 'ada', last('2026-03-13'), last('2026-03-14'));
  await given(app, 'guest', last('2026-03-14T01:00:00Z'), last('2026-03-14T02:00:00Z'), last('2026-03-15'));
  const merge = { identifier_to_merge: { external_id: 'guest' }, identifier_to_keep: { external_id: 'ada' } };
  const { status, body } = await app.post('/users/merge', { merge_updates: [merge] });
  assert.ok(status === 201 || status === 202, JSON.stringify(body));
  assert.deepEqual(await sessionsOf(app, 'ada'), {
    total: 5,
    days: { '2026-03-13': 1, '2026-03-14': 3, '2026-03-15': 1 },
  });
  const { rows } = await app.db.one<{ rows: number }>(sql`select count(*) as rows from session_days`);
  assert.equal(rows, 3, 'nothing is left of the merged person');
  assert.equal((await app.post('/users/delete', { external_ids: ['ada'] })).status, 201);
  assert.deepEqual(await app.db.query(sql`select day from session_days`), []);
});

test('housekeeping drops days that no filter looks back on, and keeps the total', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await given(app, 'ada', last('2026-03-14'), last('2026-03-15'));
  const keep = (at: string) =>
    keepHouse({ db: app.db, clock: new TestClock(at), log: pino({ level: 'silent' }), retentionDays: 0 });
  await keep('2026-05-15T23:59:59Z');
  assert.deepEqual(await sessionsOf(app, 'ada'), { total: 2, days: { '2026-03-14': 1, '2026-03-15': 1 } });
  await keep('2026-05-16T00:00:00Z');
  assert.deepEqual(await sessionsOf(app, 'ada'), { total: 2, days: { '2026-03-15': 1 } });
});
