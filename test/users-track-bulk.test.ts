// What /users/track/bulk and /users/track/sync take. Source: more-endpoints.md §1, adjacent-endpoints.md §2.2.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';

const time = '2026-02-01T00:00:00.000Z';
const people = (count: number) => Array.from({ length: count }, (_, n) => ({ external_id: `p${n}` }));
const events = (count: number, nameOf: (n: number) => object) =>
  Array.from({ length: count }, (_, n) => ({ ...nameOf(n), name: 'e', time }));
const tooMany = (what: string) => ({ message: 'Max Input Length Exceeded', errors: [what] });
const together = 'attributes, events and purchases together: expected at most';

test('/users/track/bulk: its permission, its bucket and its limits', async (t) => {
  const app = await startTestApp(t);
  const bulk = async (body: unknown, options = {}) => app.post('/users/track/bulk', body, options);
  const onlyTrack = await app.givenKey({ permissions: ['users.track'] });
  assert.equal((await bulk({ attributes: people(1) }, { key: onlyTrack })).status, 403);
  assert.equal((await app.post('/users/track', { attributes: people(1) }, { key: onlyTrack })).status, 201);
  const onlyBulk = await app.givenKey({ permissions: ['users.track.bulk'] });
  const most = await bulk({ attributes: people(1_000) }, { key: onlyBulk, headers: { 'x-braze-bulk': 'true' } });
  assert.deepEqual([most.status, most.body], [201, { attributes_processed: 1_000, message: 'success' }]);
  assert.equal(most.headers.get('x-ratelimit-limit'), '50');
  const { n } = await app.db.one<{ n: number }>(sql`select count(*) as n from profiles`);
  assert.equal(n, 1_000);
  const refused: [string, object, object][] = [
    ['1,001 objects', { attributes: people(1_001) }, tooMany('attributes: expected at most 1000 objects, got 1001')],
    [
      '600 and 401',
      { attributes: people(600), events: events(401, (p) => ({ external_id: `p${p}` })) },
      tooMany(`${together} 1000 objects, got 1001`),
    ],
    [
      '101 events of one person',
      { events: events(101, () => ({ external_id: 'ada' })) },
      tooMany(`${together} 100 objects of one person, got 101`),
    ],
    [
      '101 objects in two arrays, the id once as a number',
      { attributes: [{ external_id: 7 }], events: events(100, () => ({ external_id: '7' })) },
      tooMany(`${together} 100 objects of one person, got 101`),
    ],
    [
      '101 of one alias',
      { events: events(101, () => ({ user_alias: { alias_name: 'a', alias_label: 'l' } })) },
      tooMany(`${together} 100 objects of one person, got 101`),
    ],
    [
      '2.1 MB',
      { attributes: [{ external_id: 'ada', note: 'x'.repeat(2_200_000) }] },
      { message: 'Bad Request', errors: ['body exceeds 2 MB'] },
    ],
  ];
  for (const [what, body, expected] of refused) {
    const answer = await bulk(body);
    assert.deepEqual([answer.status, answer.body], [400, expected], what);
  }
  const hundred = await bulk({ events: events(100, () => ({ external_id: 'ada' })) });
  assert.deepEqual(hundred.body, { events_processed: 100, message: 'success' });
});

test('/users/track/bulk reports bad objects by their index, and refuses a request without a good one', async (t) => {
  const app = await startTestApp(t);
  const long = { external_id: 'x'.repeat(988) };
  const tooLong = { type: "'external_id' must be fewer than 988 bytes", input_array: 'attributes', index: 1 };
  const some = await app.post('/users/track/bulk', { attributes: [{ external_id: 'ada' }, long] });
  assert.deepEqual([some.status, some.body], [201, { attributes_processed: 1, message: 'success', errors: [tooLong] }]);
  const none = await app.post('/users/track/bulk', { attributes: [long] });
  assert.deepEqual([none.status, none.body.errors], [400, [{ ...tooLong, index: 0 }]]);
});

test('/users/track/sync answers with what it has stored', async (t) => {
  const app = await startTestApp(t);
  const alias = { alias_name: 'a', alias_label: 'l' };
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', n: 1, kept: true, email: 'ada@example.test', list: [1] },
      { user_alias: alias, _update_existing_only: false },
    ],
    events: [{ external_id: 'ada', name: 'seen', time: '2026-01-01T00:00:00Z' }],
  });
  const buy = { product_id: 'tea', currency: 'EUR', price: 2, quantity: 3, time };
  const cases: [string, object, object[]][] = [
    [
      'an object without an array',
      { attributes: { external_id: 'ada', n: { inc: 1 }, list: { add: [2] } } },
      [{ external_id: 'ada', custom_attributes: { n: 2, list: [1, 2] } }],
    ],
    [
      'an array, by email',
      { attributes: [{ email: 'Ada@example.test', n: { inc: 1 } }] },
      [{ email: 'Ada@example.test', custom_attributes: { n: 3 } }],
    ],
    [
      'a removed attribute',
      { attributes: [{ external_id: 'ada', n: null }] },
      [{ external_id: 'ada', custom_attributes: {} }],
    ],
    [
      'an alias',
      { attributes: { user_alias: alias, x: 'y' }, events: [], purchases: [] },
      [{ user_alias: alias, custom_attributes: { x: 'y' } }],
    ],
    [
      'an event',
      { events: { external_id: 'ada', name: 'seen', time } },
      [
        {
          external_id: 'ada',
          custom_events: [{ name: 'seen', first: '2026-01-01T00:00:00.000Z', last: time, count: 2 }],
        },
      ],
    ],
    [
      'a purchase of a new person',
      { purchases: [{ external_id: 'ben', ...buy }] },
      [{ external_id: 'ben', purchase_events: [{ product_id: 'tea', first: time, last: time, count: 3 }] }],
    ],
    ['nobody', { attributes: { external_id: 'cleo', _update_existing_only: true, x: 1 } }, []],
    ['nobody did it', { events: { external_id: 'cleo', _update_existing_only: true, name: 'e', time } }, []],
  ];
  for (const [what, body, users] of cases) {
    const answer = await app.post('/users/track/sync', body);
    assert.deepEqual([answer.status, answer.body], [201, { users, message: 'success' }], what);
    assert.equal(answer.headers.get('x-ratelimit-limit'), '500');
  }
  const two = await app.post('/users/track/sync', { attributes: [{ external_id: 'a' }], events: [{}] });
  assert.deepEqual([two.status, two.body], [400, tooMany(`${together} 1 object, got 2`)]);
  const bad = await app.post('/users/track/sync', { events: { external_id: 'ada', name: 'e' } });
  assert.equal(bad.status, 400);
  assert.deepEqual(
    bad.body.errors.map(({ input_array, index }: { input_array: string; index: number }) => [input_array, index]),
    [['events', 0]],
  );
  const onlyTrack = await app.givenKey({ permissions: ['users.track'] });
  const stranger = await app.post('/users/track/sync', { attributes: { external_id: 'a' } }, { key: onlyTrack });
  assert.equal(stranger.status, 403);
});

test('two servers write the same people at once: nobody deadlocks, nothing is lost, nobody is made twice', async (t) => {
  const app = await startTestApp(t);
  const other = await app.startAnotherServer();
  const ids = ['ada', 'ben', 'cleo', 'dora'];
  const answers = await Promise.all(
    Array.from({ length: 32 }, (_, n) => {
      const turned = n % 2 === 0 ? ids : [...ids].reverse();
      const attributes = turned.map((external_id) => ({
        ...{ external_id, n: { inc: 1 }, email: `${external_id}@example.test` },
        ...(n % 5 === 0 && { email_subscribe: 'opted_in' }),
      }));
      const done = turned.map((external_id) => ({ external_id, name: `e${n % 3}`, time }));
      return app.post('/users/track', { attributes, events: done }, n % 4 < 2 ? {} : { url: other });
    }),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  const found = await app.db.query(sql`
    select external_id, (custom->>'n')::integer as n, email_state,
           (select sum(count)::integer from activity_totals t where t.bucket = p.bucket and t.user_id = p.user_id) as events
      from profiles p order by external_id`);
  assert.deepEqual(
    found,
    ids.map((external_id) => ({ external_id, n: 32, email_state: 'opted_in', events: 32 })),
  );
});
