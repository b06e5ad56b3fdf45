import assert from 'node:assert/strict';
import test from 'node:test';
import { appId, archivedGroup, type Body, emailGroup, start, startWorld } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';

const badAttributes: [string, Body, string][] = [
  ['email_subscribe', { email_subscribe: 'maybe' }, 'email_subscribe: expected opted_in, subscribed or unsubscribed'],
  ['email_subscribe null', { email_subscribe: null }, 'email_subscribe: expected opted_in, subscribed or unsubscribed'],
  ['push_subscribe', { push_subscribe: 'OPTED_IN' }, 'push_subscribe: expected opted_in, subscribed or unsubscribed'],
  ['phone', { phone: '12345' }, 'phone: expected a phone number with + and country code'],
  ['language', { language: 'xx' }, 'language: expected a code of ISO 639-1'],
  ['language in words', { language: 'english' }, 'language: expected a code of ISO 639-1'],
  ['gender', { gender: 'x' }, 'gender: expected M, F, O, N or P'],
  ['dob', { dob: '2026-02-30' }, 'dob: expected YYYY-MM-DD'],
  ['dob in American form', { dob: '01/01/1971' }, 'dob: expected YYYY-MM-DD'],
  ['first name', { first_name: 5 }, 'first_name: expected a text'],
  ['NUL', { first_name: 'a\u0000' }, 'first_name: expected Unicode text without NUL'],
  ['half a surrogate pair', { first_name: '\ud800' }, 'first_name: expected Unicode text without NUL'],
  ['NUL inside extras', { facebook: { a: '\u0000' } }, 'facebook: expected Unicode text without NUL'],
  [
    'location',
    { current_location: { longitude: 200, latitude: 0 } },
    'current_location.longitude: expected a number from -180 to 180',
  ],
  [
    'location as texts',
    { current_location: { longitude: '16.4', latitude: '48.2' } },
    'current_location.longitude: expected a number from -180 to 180',
  ],
  [
    'half a location',
    { current_location: { longitude: 16.4, latitude: 100 } },
    'current_location.latitude: expected a number from -90 to 90',
  ],
  ['session', { date_of_last_session: 'yesterday' }, 'date_of_last_session: expected an ISO 8601 date'],
  ['tracking', { email_open_tracking_disabled: 'perhaps' }, 'email_open_tracking_disabled: expected a boolean'],
  ['app', { push_tokens: [{ app_id: 'x', token: 't' }] }, 'push_tokens[0].app_id: names no app of this workspace'],
  [
    'token',
    { push_tokens: [{ app_id: appId, token: 'x'.repeat(2_049) }] },
    'push_tokens[0].token: expected at most 2048 bytes',
  ],
  [
    'group',
    { subscription_groups: [{ subscription_group_id: 'x', subscription_state: 'subscribed' }] },
    'Invalid subscription group ID',
  ],
  [
    'archived group',
    { subscription_groups: [{ subscription_group_id: archivedGroup, subscription_state: 'subscribed' }] },
    'Invalid subscription group ID',
  ],
  [
    'group state',
    { subscription_groups: [{ subscription_group_id: emailGroup, subscription_state: 'opted_in' }] },
    'subscription_groups[0].subscription_state: expected subscribed or unsubscribed',
  ],
  ['long text', { x: 'a'.repeat(256) }, 'x: expected at most 255 characters'],
  ['infinite number', { x: Number.POSITIVE_INFINITY }, 'x: expected a number that fits into 64 bits'],
  ['NUL in a name', { 'a\u0000b': 1 }, 'attribute name: expected Unicode text without NUL'],
  ['fractional inc', { x: { inc: 1.5 } }, 'x.inc: expected an integer'],
  ['dotted key', { x: { 'a.b': 1 } }, 'x: a key is empty or holds "." or "$"'],
  ['strange operation', { x: { $push: [{ a: 1 }] } }, 'x: a key is empty or holds "." or "$"'],
  ['nested text', { x: { a: 'a'.repeat(256) } }, 'x.a: expected at most 255 characters'],
  ['nested time', { x: { a: { $time: 'soon' } } }, 'x.a.$time: expected an ISO 8601 date'],
  [
    'large object',
    { x: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [n, 'a'.repeat(255)])) },
    'x: expected at most 100 KB',
  ],
  ['array in array', { x: [[1]] }, 'x[0]: expected a text, number, boolean or object'],
];

test('what is wrong in an object is left out and named; the rest is kept', async (t) => {
  const world = await startWorld(t);
  const token = (name: string) => ({ app_id: appId, token: name });
  const group = { subscription_group_id: emailGroup, subscription_state: 'unsubscribed' };
  const good = { first_name: 'Ada', country: 'AT', kept: 1, push_tokens: [token('a')], subscription_groups: [group] };
  await world.given({ external_id: 'plain', ...good });
  const expected = await world.profile('plain');
  const { push_tokens, ...stored } = await world.export('plain');
  for (const [what, attributes, problem] of badAttributes) {
    const { push_tokens: badTokens = [], subscription_groups: badGroups = [] } = attributes;
    const name = Object.hasOwn(attributes, 'first_name') ? { first_name: null } : {};
    const lists = { push_tokens: [badTokens, token(what)].flat(), subscription_groups: [badGroups, group].flat() };
    assert.deepEqual(await world.left({ external_id: what, ...good, ...attributes, ...lists }), [problem], what);
    const { braze_id, external_id, random_bucket, push_tokens: tokens, ...kept } = await world.export(what);
    const { braze_id: _, external_id: __, random_bucket: ___, ...others } = stored;
    assert.deepEqual({ ...kept, ...name }, { ...others, ...name }, what);
    assert.equal((tokens as unknown[]).length, (push_tokens as unknown[]).length, what);
    const { custom, email_state, push_state } = await world.profile(what);
    assert.deepEqual([custom, email_state, push_state], [expected.custom, 'subscribed', 'subscribed'], what);
  }
  const groups = await world.db.query(
    sql`select group_id, state, count(*) as held from subscription_states group by 1, 2`,
  );
  assert.deepEqual(groups, [{ group_id: emailGroup, state: 'unsubscribed', held: badAttributes.length + 1 }]);
});

test('what is left out does not change what was stored', async (t) => {
  const world = await startWorld(t);
  const before = {
    ...{ gender: 'F', phone: '+15125550100', language: 'de', dob: '1971-01-01', x: { a: 1 }, list: [1], count: 'many' },
    current_location: { longitude: 16.4, latitude: 48.2 },
  };
  await world.given({ external_id: 'ada', ...before });
  const stored = await world.profile('ada');
  const wrong = { gender: 'x', phone: '12345', language: 'english', dob: '01/01/1971', count: { inc: 1 } };
  const nested = {
    x: { a: { $time: 'soon' } },
    list: { add: [[]] },
    current_location: { longitude: 1, latitude: 'x' },
  };
  const left = await world.left({ external_id: 'ada', _merge_objects: true, ...wrong, ...nested });
  assert.equal(left.length, 8, left.join());
  assert.deepEqual(await world.profile('ada'), { ...stored, updated_at: start });
});

test('at most ten parts of an object are named', async (t) => {
  const world = await startWorld(t);
  const wrong = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`a${n}`, 'x'.repeat(256)]));
  const left = await world.left({ external_id: 'ada', ...wrong, kept: 1 });
  assert.deepEqual([left.length, left.at(-1)], [11, 'and 4990 more']);
  assert.deepEqual((await world.profile('ada')).custom, { kept: 1 });
});

test('a wrong identifier, email address or switch refuses its object', async (t) => {
  const world = await startWorld(t);
  const invalidEmail = "The value provided for the 'email' field is not a valid email.";
  assert.equal(await world.problem({ external_id: 'ada', first_name: 'Ada', email: 'nobody' }), invalidEmail);
  assert.equal(
    await world.problem({ external_id: 'ada', _merge_objects: 'perhaps' }),
    '_merge_objects: expected a boolean',
  );
  assert.equal(
    await world.problem({ external_id: 'ada', _update_existing_only: 2 }),
    '_update_existing_only: expected a boolean',
  );
  const unknownApp = { push_token_import: true, push_tokens: [{ app_id: 'x', token: 't' }] };
  assert.equal(await world.problem(unknownApp), 'push_tokens[0].app_id: names no app of this workspace');
  assert.equal(await world.problem({ phone: '12345' }), 'phone: expected a phone number with + and country code');
  assert.equal(await world.problem({ external_id: 'é'.repeat(499) }), "'external_id' must be fewer than 988 bytes");
  assert.equal(await world.problem({ external_id: 'a\u0000' }), 'external_id: expected Unicode text without NUL');
  assert.equal(await world.problem({ external_id: '  ' }), 'external_id: expected a non-empty text');
  assert.equal(
    await world.problem({ user_alias: 'a' }),
    'user_alias: expected an object with alias_name and alias_label',
  );
  assert.equal(await world.count(), 0);
  await world.given({ external_id: 'x'.repeat(987) });
});

const range = (length: number, from = 0) => Array.from({ length }, (_, n) => n + from);
const longTexts = range(500).map((n) => String(n).padEnd(255, 'ä'));
const manyObjects = range(10_000).map((n) => ({ n: n % 10 }));

const customTable: [string, unknown[], unknown][] = [
  ['text', ['a'], 'a'],
  ['text of 255 characters beyond the basic plane', ['😀'.repeat(255)], '😀'.repeat(255)],
  ['number', [1.5], 1.5],
  ['boolean', [false], false],
  ['time keeps its text', ['2026-01-31 13:00'], '2026-01-31 13:00'],
  ['null removes', ['a', null], undefined],
  ['increment of nothing', [{ inc: 2 }], 2],
  ['increment', [5, { inc: -7 }], -2],
  ['array replaces', [['a'], ['b', 'c']], ['b', 'c']],
  ['the last of equal scalars stays', [['a', 'b', 1, '1', 'a', true, true]], ['b', 1, '1', 'a', true]],
  ['500 texts of 255 characters', [longTexts], longTexts],
  ['10,000 objects', [manyObjects, { add: [{ b: 1 }] }], [...manyObjects, { b: 1 }]],
  ['add', [['a', 'b'], { add: ['c', 'a'] }], ['b', 'c', 'a']],
  ['add to nothing', [{ add: ['a'] }], ['a']],
  ['add up to 500', [range(499), { add: ['x'] }], [...range(499), 'x']],
  ['remove', [['a', 'b', 1], { remove: ['a', '1'] }], ['b', 1]],
  ['add and remove', [['a', 'b'], { add: ['c'], remove: ['a'] }], ['b', 'c']],
  ['object replaces', [{ a: 1 }, { b: { c: 2, d: null } }], { b: { c: 2 } }],
  ['date inside an object', [{ at: { $time: '2026-01-31T00:00:00Z' } }], { at: '2026-01-31T00:00:00Z' }],
  ['array of objects', [[{ a: 1 }, { a: 1 }]], [{ a: 1 }, { a: 1 }]],
];

test('custom attributes are stored by type, and operations apply to what is stored', async (t) => {
  const world = await startWorld(t);
  for (const [what, values, expected] of customTable) {
    await world.given({ external_id: 'ada', x: null });
    for (const x of values) await world.given({ external_id: 'ada', x });
    const { custom } = await world.profile('ada');
    assert.deepEqual(custom, expected === undefined ? {} : { x: expected }, what);
    // The result is the same within one request.
    await world.given({ external_id: 'ben', x: null }, ...values.map((x) => ({ external_id: 'ben', x })));
    assert.deepEqual((await world.profile('ben')).custom, custom, what);
  }
});

test('_merge_objects merges at every level, and null removes a member', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', x: { a: { b: 1, c: 2 }, l: [1, 2], k: 'kept' } });
  await world.given({
    external_id: 'ada',
    _merge_objects: true,
    x: { a: { c: null, d: { e: 3 } }, l: [3] },
    y: { z: 1, n: null },
  });
  assert.deepEqual((await world.profile('ada')).custom, {
    x: { a: { b: 1, d: { e: 3 } }, l: [3], k: 'kept' },
    y: { z: 1 },
  });
});

test('an array without objects keeps its newest 500 elements, and the answer says what went', async (t) => {
  const world = await startWorld(t);
  const went = (count: number) => [`x: expected at most 500 elements; the oldest ${count} were dropped`];
  assert.deepEqual(await world.left({ external_id: 'ada', x: range(530), kept: 1 }), went(30));
  assert.deepEqual((await world.profile('ada')).custom, { x: range(500, 30), kept: 1 });
  assert.deepEqual(await world.left({ external_id: 'ada', x: { add: ['a', 'b', 529] } }), went(2));
  assert.deepEqual((await world.profile('ada')).custom, { x: [...range(497, 32), 'a', 'b', 529], kept: 1 });
  assert.deepEqual(await world.left({ external_id: 'ada', x: { add: ['c'], remove: ['a'] } }), []);
  const objects = [...range(600), { a: 1 }];
  assert.deepEqual(await world.left({ external_id: 'ada', x: objects }), []);
  assert.deepEqual((await world.profile('ada')).custom, { x: objects, kept: 1 });
  const tooLarge = range(500).map(() => ({ a: 'x'.repeat(255) }));
  assert.deepEqual(await world.left({ external_id: 'ada', x: tooLarge }), ['x: expected at most 100 KB']);
  assert.deepEqual((await world.profile('ada')).custom, { x: objects, kept: 1 });
});

test('an operation that does not fit the stored value is left out', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', text: 'a', big: Number.MAX_SAFE_INTEGER });
  assert.deepEqual(await world.left({ external_id: 'ada', first_name: 'x', text: { inc: 1 } }), [
    'text: inc needs a stored number',
  ]);
  assert.deepEqual(await world.left({ external_id: 'ada', text: { add: ['x'] }, other: 1 }), [
    'text: add and remove need a stored array',
  ]);
  assert.deepEqual(await world.left({ external_id: 'ada', big: { inc: 1 } }), [
    'big: the incremented number is too large',
  ]);
  const half = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`a${n}`, 'x'.repeat(255)]));
  const other = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`b${n}`, 'x'.repeat(255)]));
  await world.given({ external_id: 'ada', o: half });
  assert.deepEqual(await world.left({ external_id: 'ada', _merge_objects: true, o: other }), [
    'o: expected at most 100 KB',
  ]);
  const { first_name, custom } = await world.profile('ada');
  assert.deepEqual([first_name, custom], ['x', { text: 'a', big: Number.MAX_SAFE_INTEGER, other: 1, o: half }]);
});

test('one person holds at most 1 MB of custom attributes; none of those that exceed it is stored', async (t) => {
  const world = await startWorld(t);
  const part = Object.fromEntries(Array.from({ length: 350 }, (_, n) => [`k${n}`, 'x'.repeat(250)]));
  const parts = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`p${n}`, part]));
  assert.deepEqual(await world.left({ external_id: 'ada', first_name: 'Ada', ...parts }), [
    'custom attributes: expected at most 1 MB for one person',
  ]);
  const { first_name, custom } = await world.profile('ada');
  assert.deepEqual([first_name, custom], ['Ada', {}]);
});

test('a custom attribute that is a time is kept in milliseconds beside its text', async (t) => {
  const world = await startWorld(t);
  await world.given({
    external_id: 'ada',
    at: '2026-01-31',
    when: { $time: '01/31/2026' },
    text: 'soon',
    list: ['2026-01-31'],
  });
  const ms = Date.parse('2026-01-31T00:00:00Z');
  const { custom, custom_times } = await world.profile('ada');
  assert.deepEqual(custom, { at: '2026-01-31', when: '01/31/2026', text: 'soon', list: ['2026-01-31'] });
  assert.deepEqual(custom_times, { at: ms, when: ms });
  await world.given({ external_id: 'ada', at: 'never', when: null });
  assert.deepEqual((await world.profile('ada')).custom_times, {});
});

test('an attribute named __proto__ is an attribute', async (t) => {
  const world = await startWorld(t);
  await world.given(
    JSON.parse('{"external_id":"ada","__proto__":{"polluted":{"__proto__":1}},"constructor":"c"}') as Body,
  );
  const { custom } = await world.db.one<{ custom: string }>(sql`select custom::text from profiles`);
  assert.equal(custom, '{"__proto__": {"polluted": {"__proto__": 1}}, "constructor": "c"}');
  assert.equal(({} as Body).polluted, undefined);
});

const gus = { id: 1, name: 'Gus', at: { city: 'Graz', zip: 8010 } };
const ivy = { id: 2, name: 'Ivy' };
const isId = (id: unknown) => ({ $identifier_key: 'id', $identifier_value: id });

const objectArrayTable: [what: string, stored: unknown, edit: Body, merges: boolean, expected: unknown][] = [
  ['add', [gus], { $add: [ivy] }, false, [gus, ivy]],
  ['add to nothing', null, { $add: [ivy] }, false, [ivy]],
  ['add one object', [gus], { $add: ivy }, false, [gus, ivy]],
  ['remove every match', [gus, ivy, { id: 1 }], { $remove: [isId(1)] }, false, [ivy]],
  ['remove nothing', [gus], { $remove: [isId('1')] }, false, [gus]],
  ['remove by several', [gus, ivy, 'scalar'], { $remove: [isId(1), isId(2)] }, false, ['scalar']],
  [
    'replace',
    [gus, ivy],
    { $update: [{ ...isId(1), $new_object: { id: 1, x: null, y: 2 } }] },
    false,
    [{ id: 1, y: 2 }, ivy],
  ],
  [
    'merge at every level',
    [gus, ivy],
    { $update: [{ ...isId(1), $new_object: { name: null, at: { zip: 1010 } } }] },
    true,
    [{ id: 1, at: { city: 'Graz', zip: 1010 } }, ivy],
  ],
  [
    'update every match',
    [ivy, ivy],
    { $update: [{ ...isId(2), $new_object: { id: 3 } }] },
    false,
    [{ id: 3 }, { id: 3 }],
  ],
  [
    'add, then remove, then update',
    [gus],
    { $update: [{ ...isId(3), $new_object: { id: 1 } }], $remove: [isId(1)], $add: [{ id: 3 }, { id: 1, new: true }] },
    false,
    [{ id: 1 }],
  ],
  ['a time', [], { $add: [{ at: { $time: '2026-01-31 00:00:00 UTC' } }] }, false, [{ at: '2026-01-31 00:00:00 UTC' }]],
];

test('$add, $remove and $update change the objects of an array, in this order', async (t) => {
  const world = await startWorld(t);
  for (const [what, pets, edit, _merge_objects, expected] of objectArrayTable) {
    await world.given({ external_id: 'ada', pets }, { external_id: 'ada', pets: edit, _merge_objects });
    assert.deepEqual((await world.profile('ada')).custom, { pets: expected }, what);
  }
});

test('an operation on objects that is wrong, does not fit or makes the array too large is left out and named', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', pets: [gus], text: 'a' });
  const stored = (await world.profile('ada')).custom;
  const large = Array.from({ length: 500 }, () => ({ a: 'x'.repeat(255) }));
  const wrong: [Body, string][] = [
    [{ pets: { $add: ['x'] } }, 'pets.$add[0]: expected an object'],
    [{ pets: { $add: 5 } }, 'pets.$add: expected an array of objects'],
    [{ pets: { $add: [{ 'a.b': 1 }] } }, 'pets.$add[0]: a key is empty or holds "." or "$"'],
    [{ pets: { $remove: [{ $identifier_value: 1 }] } }, 'pets.$remove[0].$identifier_key: expected a non-empty text'],
    [
      { pets: { $remove: [{ $identifier_key: 'id' }] } },
      'pets.$remove[0].$identifier_value: expected a text, number or boolean',
    ],
    [{ pets: { $remove: range(501).map(isId) } }, 'pets.$remove: expected at most 500 objects'],
    [{ pets: { $update: [isId(1)] } }, 'pets.$update[0].$new_object: expected an object'],
    [
      { pets: { $update: [{ ...isId(1), $new_object: { at: { $time: 'soon' } } }] } },
      'pets.$update[0].$new_object.at.$time: expected an ISO 8601 date',
    ],
    [{ pets: { $add: [ivy], plain: 1 } }, 'pets: a key is empty or holds "." or "$"'],
    [{ text: { $add: [ivy] } }, 'text: $add, $remove and $update need a stored array'],
    [{ pets: { $add: large } }, 'pets: expected at most 100 KB'],
  ];
  for (const [attributes, problem] of wrong) {
    assert.deepEqual(await world.left({ external_id: 'ada', ...attributes, first_name: problem }), [problem]);
    const { custom, first_name } = await world.profile('ada');
    assert.deepEqual([custom, first_name], [stored, problem]);
  }
});
