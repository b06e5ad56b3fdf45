// Times inside objects and arrays of custom attributes, from /users/track to previews, segments and explanations.
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { bothEngines } from './support/audience.ts';
import { nested } from './support/segments.ts';

/** It is noon of 15 March 2026. */
const SOON = '8d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

async function track(app: TestApp, external_id: string, attributes: object): Promise<void> {
  const object = { external_id, _merge_objects: false, ...attributes };
  const { status, body } = await app.post('/users/track', { attributes: [object] });
  assert.deepEqual([status, body.errors], [201, undefined], JSON.stringify(body));
}

/** The answer of both engines, which must agree. */
async function holds(app: TestApp, filter: object, externalId: string): Promise<boolean> {
  const parsed = parseAudience(filter, 'segment', { isSegment: true });
  const { bySql, byEvaluator } = await bothEngines(app).ask(parsed, externalId);
  assert.equal(bySql, byEvaluator, `${JSON.stringify(filter)} on ${externalId}`);
  return bySql;
}

const noon = '2026-03-14T12:00:00Z';
/** The same instant in every form in which a time may be stored. */
const forms = [
  ...[
    noon,
    '2026-03-14 12:00',
    '2026-03-14T12:00:00.000+00:00',
    '2026-03-14T13:00:00+1:00',
    '2026-03-14 07:00:00 -0500',
  ],
  ...['2026-03-14 12:00:00 UTC', '2026-03-14 07:00:00 -0500 EST m=+0.01', 'Sat Mar 14 12:00:00 UTC 2026'],
  ...['Sat, 14 Mar 2026 12:00:00 GMT', 'Sat Mar 14 2026 07:00:00 GMT-0500 (Eastern Standard Time)'],
];
const noTimes = [
  ...['2026-02-30', ' 2026-03-14', '2026-03-14 ', 'on 2026-03-14', '2026', 'Sun Mar 14 12:00:00 UTC 2026', ''],
  ...[1773489600000, true, null, {}, []],
];

test('a text inside an object is a time in every form in which a whole attribute is one', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const exactly = (path: string) => ({
    AND: [
      nested('trip', path, 'after', '2026-03-14T11:59:59.999Z'),
      nested('trip', path, 'before', '2026-03-14T12:00:00.001Z'),
    ],
  });
  for (const form of forms) {
    await track(app, 'ada', { trip: { at: form, in: { deep: { $time: form } }, list: [form] } });
    for (const path of ['at', 'in.deep', 'list[]'])
      assert.ok(await holds(app, exactly(path), 'ada'), `${form} ${path}`);
  }
  await track(app, 'ada', { trip: { at: '03/14/2026' } });
  assert.ok(await holds(app, nested('trip', 'at', 'after', '2026-03-13T23:59:59Z'), 'ada'));
});

test('what is no time passes no comparison of times, and no comparison of times is negative', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const always = { OR: [nested('trip', 'at', 'after', '0000-01-01'), nested('trip', 'at', 'before', '3000-12-31')] };
  for (const value of noTimes) {
    await track(app, 'ada', { trip: { at: value, other: noon } });
    assert.equal(await holds(app, always, 'ada'), false, JSON.stringify(value));
  }
  for (const trip of [noon, 5, [noon], { AT: noon }, { 'a t': noon }]) {
    await track(app, 'ada', { trip });
    assert.equal(await holds(app, always, 'ada'), false, JSON.stringify(trip));
  }
});

const stays = [{ from: '2026-03-01' }, { from: '2026-03-20T00:00:00Z', to: 'soon' }, 'x', { from: null }];
const people = {
  ada: { stays, trip: { stays }, grid: [{ rows: [{ at: noon }] }], seen: ['2026-03-01', 'x', 5] },
  bob: { stays: [{ from: '2026-03-14T11:00:00Z' }, { to: '2026-03-20' }], seen: [] },
  eve: {},
};
const asked: [filter: object, ...members: string[]][] = [
  [nested('stays', '[].from', 'less_than_x_days_ago', 2), 'bob'],
  [nested('stays', '[].from', 'less_than_x_days_ago', 30), 'ada', 'bob'],
  [nested('stays', '[].from', 'greater_than_x_days_ago', 7), 'ada'],
  [nested('stays', '[].from', 'less_than_x_days_in_the_future', 7), 'ada'],
  [nested('stays', '[].from', 'greater_than_x_days_in_the_future', 3), 'ada'],
  [nested('stays', '[].from', 'after', '2026-03-20')],
  [nested('stays', '[].from', 'before', '2026-03-20'), 'ada', 'bob'],
  [nested('stays', '[].to', 'after', '2026-03-19'), 'bob'],
  [nested('stays', 'from', 'after', '2000-01-01')],
  [nested('trip', 'stays[].from', 'after', '2026-03-19'), 'ada'],
  [nested('trip', 'stays.from', 'after', '2026-03-19')],
  [nested('grid', '[].rows[].at', 'less_than_x_days_ago', 1.5), 'ada'],
  [nested('seen', '[]', 'before', '2026-03-02'), 'ada'],
  [{ NOT: nested('stays', '[].from', 'after', '2026-03-19') }, 'bob', 'eve'],
  [{ AND: [nested('stays', '[].from', 'after', '2026-03-19'), nested('trip', 'stays[].to', 'equals', 'soon')] }, 'ada'],
];

test('a path through arrays finds every time in them, in previews too', async (t) => {
  const app = await startTestApp(t, { worker: false });
  for (const [name, attributes] of Object.entries(people)) await track(app, name, attributes);
  for (const [filter, ...members] of asked) {
    for (const name of Object.keys(people))
      assert.equal(await holds(app, filter, name), members.includes(name), `${JSON.stringify(filter)} on ${name}`);
    const { status, body } = await app.post('/audience/preview', { filter, channels: [] });
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual(body.sample.map((one: { external_id: string }) => one.external_id).sort(), members);
  }
});

/** Changes in order, each with whether Ada's next stay is in the future afterwards. */
const changes: [change: object, isAhead: boolean][] = [
  [{ stays: [{ id: 1, from: '2026-03-20' }] }, true],
  [
    {
      stays: { $update: [{ $identifier_key: 'id', $identifier_value: 1, $new_object: { from: '2026-03-01' } }] },
      _merge_objects: true,
    },
    false,
  ],
  [{ stays: { $add: [{ id: 2, from: { $time: '2026-04-01T00:00:00Z' } }] } }, true],
  [{ stays: { $remove: [{ $identifier_key: 'id', $identifier_value: 2 }] } }, false],
  [{ stays: [{ from: 'tomorrow' }, { from: '2026-03-16' }] }, true],
  [{ stays: ['2026-03-16'] }, false],
  [{ stays: { from: '2026-03-16' } }, false],
  [{ stays: [{ from: '2026-03-16' }] }, true],
  [{ stays: 'none' }, false],
  [{ stays: [{ from: '2026-03-16' }] }, true],
  [{ stays: null }, false],
];

test('every kind of change of an attribute changes the times inside it', async (t) => {
  const app = await startTestApp(t, { worker: false });
  for (const [change, isAhead] of changes) {
    await track(app, 'ada', change);
    const filter = nested('stays', '[].from', 'after', '2026-03-15T12:00:00Z');
    assert.equal(await holds(app, filter, 'ada'), isAhead, JSON.stringify(change));
  }
  await track(app, 'bob', { trip: { a: '2026-03-16', b: { c: '2026-03-17', d: 1 } } });
  const after = (path: string) => nested('trip', path, 'after', '2026-03-15');
  await track(app, 'bob', { trip: { b: { c: null } }, _merge_objects: true });
  assert.deepEqual([await holds(app, after('a'), 'bob'), await holds(app, after('b.c'), 'bob')], [true, false]);
  const { nested_times } = await app.db.one<{ nested_times: object }>(
    sql`select nested_times from profiles where external_id = 'bob'`,
  );
  assert.deepEqual(nested_times, { trip: { a: Date.parse('2026-03-16') } });
});

test('of two merged people, the times inside an attribute come with the attribute', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await track(app, 'guest', { trip: { at: '2026-03-16' }, old: { at: '2026-03-16' } });
  await track(app, 'ada', { old: { at: 'never' } });
  const merge = { identifier_to_merge: { external_id: 'guest' }, identifier_to_keep: { external_id: 'ada' } };
  const { status } = await app.post('/users/merge', { merge_updates: [merge] });
  assert.ok(status === 201 || status === 202);
  assert.equal(await holds(app, nested('trip', 'at', 'after', '2026-03-15'), 'ada'), true);
  assert.equal(await holds(app, nested('old', 'at', 'after', '2026-03-15'), 'ada'), false);
});

test('a segment of the workspace file compares times inside objects, and an explanation shows the text', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
segments: [{ id: ${SOON}, name: Travels soon, filter: { nested_custom_attribute: { custom_attribute_name: trip, path: 'legs[].departs', comparison: less_than_x_days_in_the_future, value: 3 } } }]`);
  await track(app, 'ada', { trip: { legs: [{ departs: '2026-03-01' }, { departs: '2026-03-16 08:00:00 +0100' }] } });
  await track(app, 'bob', { trip: { legs: [{ departs: '2026-04-16' }] } });
  const preview = await app.post('/audience/preview', { segment_id: SOON, channels: [] });
  assert.deepEqual([preview.status, preview.body.count, preview.body.sample[0].external_id], [201, 1, 'ada']);
  const explained = await app.post('/audience/explain', { external_id: 'bob', segment_id: SOON });
  assert.deepEqual(
    [explained.status, explained.body.detail],
    [
      201,
      'segment.nested_custom_attribute: trip.legs[].departs is ["2026-04-16"], less_than_x_days_in_the_future 3 does not hold',
    ],
  );
  const messages = { webhook: { url: 'https://example.com/', request_method: 'POST' } };
  const sent = await app.post('/messages/send', { segment_id: SOON, broadcast: true, messages });
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  await app.drain();
  const { body } = await app.get(`/dispatches/${sent.body.dispatch_id}`);
  assert.equal(body.counts.targeted, 1);
  const refused = await app.post('/audience/preview', { filter: nested('trip', 'at', 'after', 'tomorrow') });
  assert.deepEqual(
    [refused.status, refused.body.errors],
    [400, ['filter.nested_custom_attribute.value: expected an ISO 8601 date or date-time, got another text']],
  );
});
