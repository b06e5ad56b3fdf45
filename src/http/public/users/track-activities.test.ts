import assert from 'node:assert/strict';
import test from 'node:test';
import { appId, type Body, start, startWorld } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';

const noData = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";
const noIdentifier = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";

test('events and purchases are stored one by one and summed', async (t) => {
  const world = await startWorld(t);
  const event = { external_id: 'ada', name: 'opened' };
  const purchase = { external_id: 'ada', product_id: 'book', currency: 'eur', price: 2.5 };
  const answer = await world.track({
    events: [
      { ...event, time: '2026-02-02T00:00:00Z', app_id: appId, properties: { a: 'b', n: { $time: 1 } } },
      { ...event, time: '2026-02-01T00:00:00Z' },
      { ...event, time: '2027-01-01T00:00:00Z' }, // a future time counts as now
      { ...event, time: '2026-02-02T00:00:00Z', external_id: 'no', _update_existing_only: true },
    ],
    purchases: [
      { ...purchase, time: '2026-02-03T00:00:00Z', quantity: 3 },
      { ...purchase, time: '2025-01-01T00:00:00Z', product_id: 'old', price: 1 },
    ],
  });
  assert.deepEqual(answer, { status: 201, body: { events_processed: 4, purchases_processed: 2, message: 'success' } });
  const again = await world.track({ events: [{ ...event, time: '2026-01-01T00:00:00Z' }] });
  assert.equal(again.status, 201);
  assert.deepEqual(await world.db.query(sql`select name, at, app_id, properties from events order by at desc`), [
    { name: 'opened', at: start, app_id: null, properties: null },
    { name: 'opened', at: new Date('2026-02-02T00:00:00Z'), app_id: appId, properties: { a: 'b', n: { $time: 1 } } },
    { name: 'opened', at: new Date('2026-02-01T00:00:00Z'), app_id: null, properties: null },
    { name: 'opened', at: new Date('2026-01-01T00:00:00Z'), app_id: null, properties: null },
  ]);
  const { custom_events, purchases, total_revenue } = await world.export('ada');
  assert.deepEqual(custom_events, [
    { name: 'opened', first: '2026-01-01T00:00:00.000Z', last: start.toISOString(), count: 4 },
  ]);
  assert.deepEqual(purchases, [
    { name: 'book', first: '2026-02-03T00:00:00.000Z', last: '2026-02-03T00:00:00.000Z', count: 3 },
  ]);
  assert.equal(total_revenue, 8.5);
  assert.equal(await world.count(), 1);
});

test('invalid events and purchases are reported', async (t) => {
  const world = await startWorld(t);
  const event = { external_id: 'ada', name: 'e', time: '2026-02-02' };
  const properties = (value: unknown) => ({ ...event, properties: value });
  const events: [Body, string][] = [
    [{ ...event, external_id: undefined }, noIdentifier],
    [{ ...event, name: undefined }, 'name: expected a text'],
    [{ ...event, name: 'x'.repeat(256) }, 'name: expected at most 255 characters'],
    [{ ...event, time: 5 }, 'time: expected an ISO 8601 date'],
    [properties([1]), 'properties: expected an object'],
    [properties({ '': 1 }), 'properties: a name is empty or begins with "$"'],
    [properties({ $x: 1 }), 'properties: a name is empty or begins with "$"'],
    [properties({ time: 1 }), 'properties.time: the name is reserved'],
    [properties({ event_name: 1 }), 'properties.event_name: the name is reserved'],
    [properties({ ['x'.repeat(256)]: 1 }), 'properties: a name: expected at most 255 characters'],
    [properties({ a: 'x'.repeat(256) }), 'properties.a: expected at most 255 characters'],
    [properties({ a: Array.from({ length: 450 }, () => 'x'.repeat(255)) }), 'properties: expected at most 100 KB'],
  ];
  const errors = events.map(([, type], index) => ({ type, input_array: 'events', index }));
  assert.deepEqual(await world.track({ events: events.map(([body]) => body) }), {
    status: 400,
    body: { message: noData, errors },
  });
  const purchase = { external_id: 'ada', product_id: 'p', currency: 'EUR', price: 1, time: '2026-02-02' };
  const purchases: [Body, string][] = [
    [{ ...purchase, product_id: '' }, 'product_id: expected a non-empty text'],
    [{ ...purchase, product_id: 'x'.repeat(256) }, 'product_id: expected at most 255 characters'],
    [{ ...purchase, currency: 'Euro' }, 'currency: expected a code of ISO 4217'],
    [{ ...purchase, price: undefined }, 'price: expected a number'],
    [{ ...purchase, price: 1e300 }, 'price: expected a number'],
    [{ ...purchase, quantity: 0 }, "'quantity' is not valid"],
    [{ ...purchase, quantity: 101 }, "'quantity' is not valid"],
    [{ ...purchase, time: undefined }, 'time: expected an ISO 8601 date'],
    [
      { ...purchase, properties: { a: Array.from({ length: 250 }, () => 'x'.repeat(255)) } },
      'properties: expected at most 50 KB',
    ],
  ];
  const told = purchases.map(([, type], index) => ({ type, input_array: 'purchases', index }));
  const answer = await world.track({ purchases: purchases.map(([body]) => body) });
  assert.deepEqual(answer, { status: 400, body: { message: noData, errors: told } });
});

test('times as Ruby, Python, Go, JavaScript and mail print them are read wherever a time may stand', async (t) => {
  const world = await startWorld(t);
  const printed: [string, string][] = [
    ['2019-02-15 00:00:00 -0500', '2019-02-15T05:00:00.000Z'],
    ['2019-02-15 00:00:00 UTC', '2019-02-15T00:00:00.000Z'],
    ['2019-02-15 00:00:00 +00:00', '2019-02-15T00:00:00.000Z'],
    ['2019-02-15 00:00:00.5 +0000 UTC', '2019-02-15T00:00:00.500Z'],
    ['Fri, 15 Feb 2019 00:00:00 GMT', '2019-02-15T00:00:00.000Z'],
    ['Fri Feb 15 2019 00:00:00 GMT-0500 (Eastern Standard Time)', '2019-02-15T05:00:00.000Z'],
  ];
  for (const [text, instant] of printed) {
    const purchase = { product_id: 'book', currency: 'EUR', price: 1 };
    const answer = await world.track({
      attributes: [{ external_id: text, date_of_last_session: text, at: text, in: { deep: { $time: text } } }],
      events: [{ external_id: text, name: 'opened', time: text }],
      purchases: [{ external_id: text, ...purchase, time: text }],
    });
    const counts = { attributes_processed: 1, events_processed: 1, purchases_processed: 1 };
    assert.deepEqual(answer, { status: 201, body: { ...counts, message: 'success' } }, text);
    const stored = await world.db.one(sql`
      select e.at as event, p.at as purchase
        from profiles o join events e using (bucket, user_id) join purchases p using (bucket, user_id)
       where o.external_id = ${text}`);
    assert.deepEqual(stored, { event: new Date(instant), purchase: new Date(instant) }, text);
    const { last_session_at, custom, custom_times } = await world.profile(text);
    assert.deepEqual(last_session_at, new Date(instant), text);
    assert.deepEqual(custom, { at: text, in: { deep: text } }, text);
    assert.deepEqual(custom_times, { at: Date.parse(instant) }, text);
  }
});

test('every currency of the original is taken, in any letter case', async (t) => {
  const world = await startWorld(t);
  const codes =
    'BTC BYR CLF EEK GGP IMP JEP LTL LVL MRO MTL STD VEF XAG XAU XPD XPT ZMK USD XDR ZWL HRK CUC BYN MRU xof';
  const purchases = codes
    .split(' ')
    .map((currency) => ({ external_id: 'ada', product_id: currency, currency, price: 1, time: '2026-02-02' }));
  const answer = await world.track({ purchases });
  assert.deepEqual(answer, { status: 201, body: { purchases_processed: purchases.length, message: 'success' } });
  const stored = await world.db.query<{ currency: string }>(sql`select currency from purchases`);
  assert.deepEqual(stored.map(({ currency }) => currency).sort(), codes.toUpperCase().split(' ').sort());
});
