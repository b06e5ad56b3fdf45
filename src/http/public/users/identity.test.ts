import assert from 'node:assert/strict';
import test from 'node:test';
import {
  appId,
  type Body,
  emailGroup,
  newAlias,
  refused,
  smsGroup,
  startWorld,
  type World,
} from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';

const aliasOf = (alias_name: string, alias_label = 'dev') => ({ alias_name, alias_label });

async function identified(world: World, body: Body): Promise<void> {
  const objects = Object.values(body).reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
  assert.deepEqual(await world.post('/users/identify', body), {
    status: 201,
    body: { aliases_processed: objects, message: 'success' },
  });
}

async function merged(world: World, merge: Body, keep: Body): Promise<void> {
  const merge_updates = [{ identifier_to_merge: merge, identifier_to_keep: keep }];
  assert.deepEqual(await world.post('/users/merge', { merge_updates }), { status: 202, body: { message: 'success' } });
}

/** What clients see of a person. */
async function seen(world: World, externalId: string, ...fields: string[]): Promise<Body> {
  const person = await world.export(externalId);
  return Object.fromEntries(fields.map((field) => [field, person[field]]));
}

test('identify: an unknown external id is put on the aliased person, who keeps everything', async (t) => {
  const world = await startWorld(t);
  await world.post('/users/alias/new', { user_aliases: [newAlias('d1', 'dev')] });
  await world.given({ user_alias: aliasOf('d1'), first_name: 'Ada', plan: 'gold' });
  await identified(world, { aliases_to_identify: [{ external_id: 'u-9', user_alias: aliasOf('d1') }] });
  assert.deepEqual(await seen(world, 'u-9', 'first_name', 'custom_attributes', 'user_aliases'), {
    first_name: 'Ada',
    custom_attributes: { plan: 'gold' },
    user_aliases: [aliasOf('d1')],
  });
  assert.equal(await world.count(), 1);
});

test('identify: who has another alias with the label stays apart; so does who has an external id', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'u-9' }, { external_id: 'ben' });
  await world.post('/users/alias/new', {
    user_aliases: [newAlias('d0', 'dev', 'u-9'), newAlias('d1', 'dev'), newAlias('b1', 'shop', 'ben')],
  });
  await identified(world, {
    aliases_to_identify: [
      { external_id: 'u-9', user_alias: aliasOf('d1') },
      { external_id: 'u-9', user_alias: aliasOf('b1', 'shop') },
      { external_id: 'u-new', user_alias: aliasOf('b1', 'shop') },
      { external_id: 'u-9', user_alias: aliasOf('D0') },
      { external_id: 'u-9', user_alias: aliasOf('nobody') },
    ],
  });
  assert.equal(await world.count(), 3);
  assert.deepEqual((await world.export('u-9')).user_aliases, [aliasOf('d0')]);
  assert.deepEqual((await world.export('ben')).user_aliases, [aliasOf('b1', 'shop')]);
  assert.deepEqual(await world.export('u-new'), {});
});

test('identify: a known external id takes over the anonymous person with the alias', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', city: 'Graz' });
  await world.post('/users/alias/new', { user_aliases: [newAlias('d1', 'dev')] });
  await world.given({ user_alias: aliasOf('d1'), first_name: 'Ada', city: 'Linz' });
  await identified(world, { aliases_to_identify: [{ external_id: 'ada', user_alias: aliasOf('d1') }] });
  assert.equal(await world.count(), 1);
  assert.deepEqual(await seen(world, 'ada', 'first_name', 'custom_attributes', 'user_aliases'), {
    first_name: 'Ada',
    custom_attributes: { city: 'Graz' },
    user_aliases: [aliasOf('d1')],
  });
});

test('identify by email and phone needs one person left after narrowing; several lists may be mixed', async (t) => {
  const world = await startWorld(t);
  await world.given(
    { email: 'm@example.test', first_name: 'Mia' },
    { phone: '+15125550100', first_name: 'Pia' },
    { email: 'two@example.test', first_name: 'One' },
    { external_id: 'two', email: 'two@example.test' },
  );
  const unidentified = { prioritization: ['unidentified', 'most_recently_updated'] };
  await identified(world, {
    emails_to_identify: [
      { external_id: 'mia', email: 'M@example.test', ...unidentified },
      { external_id: 'x', email: 'nobody@example.test', ...unidentified },
      { external_id: 'two', email: 'two@example.test', prioritization: ['least_recently_updated', 'identified'] },
    ],
    phone_numbers_to_identify: [{ external_id: 'pia', phone: '+1 512 555 0100', ...unidentified }],
  });
  assert.equal((await world.export('mia')).first_name, 'Mia');
  assert.equal((await world.export('pia')).first_name, 'Pia');
  assert.deepEqual(await world.export('x'), {});
  assert.equal(await world.count(), 4);
  await refused(
    world,
    '/users/identify',
    { emails_to_identify: [{ external_id: 'x', email: 'm@example.test' }] },
    'bad_request',
    'emails_to_identify[0].prioritization: is required with email',
  );
});

test('merge: the kept person wins, gaps are filled, counts are added up', async (t) => {
  const world = await startWorld(t);
  await world.given(
    { external_id: 'a', first_name: 'Ada', city: 'Graz', tags: ['x'], seen: { $time: '2026-01-02T00:00:00Z' } },
    { external_id: 'b', first_name: 'Adele', tier: 'b', phone: '+15125550100' },
  );
  const at = (time: string) => ({ name: 'view', time });
  const bought = (external_id: string, price: number) => ({
    ...{ external_id, product_id: 'book', currency: 'EUR', price, time: '2026-01-01T00:00:00Z' },
  });
  await world.track({
    events: [
      { external_id: 'a', ...at('2026-01-01T00:00:00Z') },
      { external_id: 'a', ...at('2026-01-05T00:00:00Z') },
      ...['2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z', '2026-01-04T00:00:00Z'].map((time) => ({
        external_id: 'b',
        ...at(time),
      })),
    ],
    purchases: [bought('a', 2), bought('b', 3)],
  });
  const before = await world.profile('b');
  await merged(world, { external_id: 'a' }, { external_id: 'b' });
  assert.deepEqual(
    await seen(world, 'b', 'first_name', 'phone', 'custom_attributes', 'custom_events', 'total_revenue'),
    {
      first_name: 'Adele',
      phone: '+15125550100',
      custom_attributes: { city: 'Graz', tags: ['x'], tier: 'b', seen: '2026-01-02T00:00:00Z' },
      custom_events: [{ name: 'view', first: '2026-01-01T00:00:00.000Z', last: '2026-01-05T00:00:00.000Z', count: 5 }],
      total_revenue: 5,
    },
  );
  const after = await world.profile('b');
  assert.deepEqual([after.user_id, after.created_at], [before.user_id, before.created_at], 'its braze id stays');
  assert.deepEqual(await world.export('a'), {});
  assert.equal(await world.count(), 1);
  await merged(world, { external_id: 'a' }, { external_id: 'b' }); // sent again: nothing
  assert.equal(await world.count(), 1);
});

test('merge: addresses come with their state, an opt-out is not lost, the kept states of groups win', async (t) => {
  const world = await startWorld(t);
  const groups = (states: Record<string, string>) => ({
    subscription_groups: Object.entries(states).map(([subscription_group_id, subscription_state]) => ({
      subscription_group_id,
      subscription_state,
    })),
  });
  await world.given(
    { external_id: 'a', email: 's@example.test', email_subscribe: 'unsubscribed', push_subscribe: 'unsubscribed' },
    { external_id: 'b', email: 's@example.test' },
    { external_id: 'c', email: 'c@example.test', email_subscribe: 'opted_in' },
    { external_id: 'd' },
  );
  await world.given(
    { external_id: 'a', ...groups({ [smsGroup]: 'unsubscribed', [emailGroup]: 'unsubscribed' }) },
    { external_id: 'd', ...groups({ [smsGroup]: 'subscribed' }) },
  );
  await merged(world, { external_id: 'a' }, { external_id: 'b' });
  assert.deepEqual(await seen(world, 'b', 'email_subscribe', 'push_subscribe'), {
    email_subscribe: 'unsubscribed',
    push_subscribe: 'unsubscribed',
  });
  await merged(world, { external_id: 'c' }, { external_id: 'd' });
  assert.deepEqual(await seen(world, 'd', 'email', 'email_subscribe'), {
    email: 'c@example.test',
    email_subscribe: 'opted_in',
  });
  await merged(world, { external_id: 'b' }, { external_id: 'd' });
  assert.deepEqual(await world.db.query(sql`select group_id, state from subscription_states order by group_id`), [
    { group_id: emailGroup, state: 'unsubscribed' },
    { group_id: smsGroup, state: 'subscribed' },
  ]);
});

test('merge: tokens and aliases move, unless the label exists; nothing is left of the merged person', async (t) => {
  const world = await startWorld(t);
  await world.given(
    { external_id: 'a', push_tokens: [{ app_id: appId, token: 'aa' }] },
    { external_id: 'b', push_tokens: [{ app_id: appId, token: 'bb' }] },
  );
  await world.post('/users/alias/new', {
    user_aliases: [newAlias('77', 'crm', 'a'), newAlias('1', 'shop', 'a'), newAlias('2', 'shop', 'b')],
  });
  await merged(world, { user_alias: aliasOf('77', 'crm') }, { external_id: 'b' });
  assert.deepEqual((await world.export('b')).user_aliases, [aliasOf('77', 'crm'), aliasOf('2', 'shop')]);
  const { user_id } = await world.profile('b');
  for (const table of ['push_targets', 'push_token_owners'] as const) {
    const rows = await world.db.query(
      table === 'push_targets'
        ? sql`select user_id, token from push_targets order by token`
        : sql`select user_id, token from push_token_owners order by token`,
    );
    assert.deepEqual(
      rows,
      ['aa', 'bb'].map((token) => ({ user_id, token })),
      table,
    );
  }
  assert.deepEqual(await world.db.query(sql`select name from user_names where user_id <> ${user_id}`), []);
  await world.given({ external_id: 'a', first_name: 'new' });
  assert.notEqual((await world.profile('a')).user_id, user_id, 'its external id is free again');
});

test('merge: attributes that are too large together stay those of the kept person', async (t) => {
  const world = await startWorld(t);
  const texts = Array.from({ length: 380 }, (_, n) => `${n}${'x'.repeat(250)}`);
  for (const id of ['a', 'b', 'c'])
    await world.given({ external_id: id, ...Object.fromEntries([1, 2, 3, 4].map((n) => [`${id}${n}`, texts])) });
  const names = async () => Object.keys((await world.export('b')).custom_attributes as object).sort();
  await merged(world, { external_id: 'a' }, { external_id: 'b' });
  assert.deepEqual(await names(), ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'b4']);
  await merged(world, { external_id: 'c' }, { external_id: 'b' });
  assert.deepEqual(await names(), ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'b4']);
  assert.equal(await world.count(), 1);
});

test('merge by email: only exactly one match is merged', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'u-1' });
  const alias = (name: string) => ({ user_alias: aliasOf(name), email: 'm@example.test', first_name: name });
  await world.post('/users/alias/new', { user_aliases: [newAlias('old', 'dev'), newAlias('new', 'dev')] });
  await world.given(alias('old'));
  world.time.now = new Date(world.time.now.getTime() + 1000);
  await world.given(alias('new'));
  await merged(world, { email: 'm@example.test', prioritization: ['unidentified'] }, { external_id: 'u-1' });
  assert.equal(await world.count(), 3);
  const newest = ['unidentified', 'most_recently_updated'];
  await merged(world, { email: 'm@example.test', prioritization: newest }, { external_id: 'u-1' });
  assert.equal(await world.count(), 2);
  assert.equal((await world.export('u-1')).first_name, 'new');
});

test('merge: a chain ends in one person, and a cycle loses nobody', async (t) => {
  const world = await startWorld(t);
  await world.given(...['a', 'b', 'c', 'd', 'e'].map((external_id) => ({ external_id, [external_id]: true })));
  const id = (external_id: string) => ({ external_id });
  const pairs = ['ab', 'bc', 'de', 'ed'].map(([one = '', other = '']) => ({
    identifier_to_merge: id(one),
    identifier_to_keep: id(other),
  }));
  await world.post('/users/merge', { merge_updates: pairs });
  assert.deepEqual((await world.export('c')).custom_attributes, { a: true, b: true, c: true });
  assert.deepEqual((await world.export('e')).custom_attributes, { d: true, e: true });
  assert.equal(await world.count(), 2);
});

test('merge: the sentences of the original for a bad body', async (t) => {
  const world = await startWorld(t);
  const one = { identifier_to_merge: { external_id: 'a' }, identifier_to_keep: { external_id: 'b' } };
  const identifiers =
    "identifiers must be objects with an 'external_id' property that is a string, 'user_alias' property that is an object, 'email' property that is a string, or 'phone' property that is a string";
  for (const [merge_updates, message] of [
    [undefined, "'merge_updates' must be an array of objects"],
    [['a'], "'merge_updates' must be an array of objects"],
    [Array.from({ length: 51 }, () => one), 'a single request may not contain more than 50 merge updates'],
    [[{ ...one, more: 1 }], "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"],
    [[{ ...one, identifier_to_keep: {} }], identifiers],
    [[{ ...one, identifier_to_keep: { external_id: 7 } }], identifiers],
    [[{ identifier_to_merge: { external_id: 'a' } }], identifiers],
  ]) {
    assert.deepEqual(await world.post('/users/merge', { merge_updates }), {
      status: 400,
      body: { message, errors: [message] },
    });
  }
});

test('rename: the old id goes on naming the person, and nobody else can have it', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'old-1', first_name: 'Ada' }, { external_id: 'x-1' }, { external_id: 'q-1' });
  const rename = (current_external_id: string, new_external_id: string) => ({ current_external_id, new_external_id });
  const renamed = (...external_id_renames: Body[]) => world.post('/users/external_ids/rename', { external_id_renames });
  assert.deepEqual(await renamed(rename('old-1', 'new-1')), {
    status: 201,
    body: { rename_errors: [], external_ids: [rename('old-1', 'new-1')], message: 'success' },
  });
  assert.equal((await world.export('old-1')).external_id, 'new-1');
  await world.given({ external_id: 'old-1', last_name: 'Byron' });
  assert.deepEqual(await seen(world, 'new-1', 'first_name', 'last_name'), { first_name: 'Ada', last_name: 'Byron' });
  assert.equal(await world.count(), 3);

  const mixed = await renamed(
    rename('old-1', 'new-2'),
    rename('x-1', 'old-1'),
    rename('x-1', 'q-1'),
    rename('q-1', 'q-1'),
    rename('nobody', 'somebody'),
    rename('q-1', 'q-2'),
    rename('q-2', 'q-3'),
  );
  assert.deepEqual(mixed.body, {
    rename_errors: [
      [0, 'current_external_id is deprecated'],
      [1, 'new_external_id is already in use'],
      [2, 'new_external_id is already in use'],
      [3, 'current_external_id and new_external_id must differ'],
      [4, 'current_external_id does not exist'],
    ],
    external_ids: [rename('q-1', 'q-2'), rename('q-2', 'q-3')],
    message: 'success',
  });
  for (const id of ['q-1', 'q-2', 'q-3']) assert.equal((await world.export(id)).external_id, 'q-3');
});

test('remove takes away deprecated ids only; deleting by one deletes the person', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'old-1' }, { external_id: 'old-2' });
  const external_id_renames = [1, 2].map((n) => ({ current_external_id: `old-${n}`, new_external_id: `new-${n}` }));
  await world.post('/users/external_ids/rename', { external_id_renames });
  assert.deepEqual(await world.post('/users/external_ids/remove', { external_ids: ['new-1', 'old-1', 'x', 'old-1'] }), {
    status: 201,
    body: {
      removed_ids: ['old-1'],
      removal_errors: [
        [0, 'external_id is a primary one'],
        [2, 'external_id does not exist'],
        [3, 'external_id does not exist'],
      ],
      message: 'success',
    },
  });
  assert.deepEqual(await world.export('old-1'), {});
  await world.post('/users/delete', { external_ids: ['old-2'] });
  assert.deepEqual(await world.db.query(sql`select external_id from profiles`), [{ external_id: 'new-1' }]);
  assert.deepEqual(await world.db.query(sql`select name from user_names`), [{ name: 'new-1' }]);
});

test('alias update: names change hands in order; unknown and taken ones are skipped', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada' }, { external_id: 'ben' }, { external_id: 'cid' });
  await world.post('/users/alias/new', {
    user_aliases: [newAlias('a', 'l', 'ada'), newAlias('b', 'l', 'ben'), newAlias('c', 'l', 'cid')],
  });
  const update = (old_alias_name: string, new_alias_name: string) => ({
    ...{ alias_label: 'l', old_alias_name, new_alias_name },
  });
  assert.deepEqual(
    await world.post('/users/alias/update', {
      alias_updates: [
        update('b', 'b2'),
        update('a', 'b'), // free by now
        update('c', 'b2'), // taken
        update('nobody', 'n'),
        update('c', 'c'),
      ],
    }),
    { status: 201, body: { aliases_processed: 5, message: 'success' } },
  );
  const names = await Promise.all(['ada', 'ben', 'cid'].map(async (id) => (await world.export(id)).user_aliases));
  assert.deepEqual(names, [[aliasOf('b', 'l')], [aliasOf('b2', 'l')], [aliasOf('c', 'l')]]);
});

test('bad bodies of identity calls are refused with the path', async (t) => {
  const world = await startWorld(t);
  const many = Array.from({ length: 51 }, () => ({ external_id: 'a', user_alias: aliasOf('b') }));
  const cases: [path: string, body: Body, error: string, code?: string][] = [
    [
      '/users/identify',
      {},
      'expected one of aliases_to_identify, emails_to_identify, phone_numbers_to_identify with at least one element',
    ],
    ['/users/identify', { aliases_to_identify: ['a'] }, 'aliases_to_identify[0]: expected an object'],
    [
      '/users/identify',
      { aliases_to_identify: [{ external_id: 'a' }] },
      'aliases_to_identify[0].user_alias: expected an object with alias_name and alias_label',
    ],
    [
      '/users/identify',
      { aliases_to_identify: [{ user_alias: aliasOf('a') }] },
      'aliases_to_identify[0].external_id: expected a non-empty text',
    ],
    ['/users/identify', { aliases_to_identify: many }, 'expected at most 50 objects, got 51', 'too_many_ids'],
    ['/users/alias/update', { alias_updates: 'a' }, 'alias_updates: expected an array of objects'],
    [
      '/users/alias/update',
      { alias_updates: [{ alias_label: 'l', old_alias_name: 'a' }] },
      'alias_updates[0].new_alias_name: expected a non-empty text',
    ],
    [
      '/users/external_ids/rename',
      { external_id_renames: [{ current_external_id: 'a', new_external_id: 'x'.repeat(1000) }] },
      'external_id_renames[0].new_external_id must be fewer than 988 bytes',
    ],
    ['/users/external_ids/remove', { external_ids: [] }, 'external_ids: expected an array of texts'],
  ];
  for (const [path, body, error, code = 'bad_request'] of cases) await refused(world, path, body, code, error);
});
