import assert from 'node:assert/strict';
import test from 'node:test';
import {
  appId,
  emailGroup,
  newAlias,
  refused,
  start,
  startWorld,
  type World,
} from '../../../../test/support/people.ts';
import { raw, sql } from '../../../db/sql.ts';

test('deleting a person deletes all their rows; a hash of their flagged address stays', async (t) => {
  const world = await startWorld(t);
  const full = {
    email: 'x@example.test',
    date_of_last_session: '2026-02-28',
    marked_email_as_spam_at: '2026-01-01',
    push_tokens: [{ app_id: appId, token: 't' }],
    subscription_groups: [{ subscription_group_id: emailGroup, subscription_state: 'subscribed' }],
  };
  await world.given({ external_id: 'ada', ...full }, { external_id: 'ben' });
  await world.post('/users/alias/new', { user_aliases: [newAlias('a', 'l', 'ada')] });
  await world.track({
    events: [{ external_id: 'ada', name: 'e', time: '2026-01-01' }],
    purchases: [{ external_id: 'ada', product_id: 'p', currency: 'EUR', price: 1, time: '2026-01-01' }],
  });
  const answer = await world.post('/users/delete', { external_ids: ['ada', 'nobody', 'ada'] });
  assert.deepEqual(answer, { status: 201, body: { deleted: 3, message: 'success' } });
  for (const table of [
    'push_targets',
    'push_token_owners',
    'subscription_states',
    'events',
    'purchases',
    'activity_totals',
    'session_days',
    'active_people',
  ]) {
    assert.deepEqual(await rowsOf(world, table), 0, table);
  }
  assert.deepEqual(await world.db.query(sql`select label, name from user_names`), [{ label: '', name: 'ben' }]);
  assert.deepEqual(await world.db.query(sql`select external_id from profiles`), [{ external_id: 'ben' }]);
  assert.equal(await rowsOf(world, 'addresses'), 0, 'nothing has the address in plain text');
  const kept = await world.db.query(
    sql`select kind, octet_length(hash) as bytes, marked_spam_at from deleted_addresses`,
  );
  assert.deepEqual(kept, [{ kind: 'email', bytes: 32, marked_spam_at: new Date('2026-01-01T00:00:00Z') }]);
});

async function rowsOf(world: World, table: string): Promise<number> {
  const { total } = await world.db.one<{ total: number }>(sql`select count(*) as total from ${raw(table)}`);
  return total;
}

test('people are deleted by every kind of identifier, several kinds together', async (t) => {
  const world = await startWorld(t);
  await world.given(
    { external_id: 'ada' },
    { external_id: 'ben' },
    { external_id: 'cleo', email: 'c@example.test' },
    { external_id: 'dora', phone: '+15125550100' },
    { external_id: 'emma' },
  );
  await world.post('/users/alias/new', { user_aliases: [newAlias('b', 'l', 'ben')] });
  const { braze_id } = await world.export('ada');
  const body = {
    braze_ids: [braze_id, 'f'.repeat(24)],
    user_aliases: { alias_name: 'b', alias_label: 'l' },
    email_addresses: 'C@example.test',
    phone_numbers: ['(512) 555-0100'],
  };
  assert.deepEqual((await world.post('/users/delete', body)).body, { deleted: 5, message: 'success' });
  assert.deepEqual(await world.db.query(sql`select external_id from profiles`), [{ external_id: 'emma' }]);
});

const prioritizations: [string, unknown, string[]][] = [
  ['a plain text names nobody when several share the address', 'x@example.test', ['guest', 'new', 'old']],
  ['most_recently_updated', { email: 'x@example.test', prioritization: ['most_recently_updated'] }, ['new', 'old']],
  [
    'identified, most recently',
    { email: 'x@example.test', prioritization: ['identified', 'most_recently_updated'] },
    ['guest', 'old'],
  ],
  ['least_recently_updated', { email: 'x@example.test', prioritization: ['least_recently_updated'] }, ['guest', 'new']],
  ['unidentified', { email: 'x@example.test', prioritization: ['unidentified'] }, ['new', 'old']],
  ['identified leaves two', { email: 'x@example.test', prioritization: ['identified'] }, ['guest', 'new', 'old']],
];

test('prioritization chooses among the people who share an address', async (t) => {
  const world = await startWorld(t);
  for (const [what, email, left] of prioritizations) {
    await world.db.run(sql`delete from user_names`);
    await world.db.run(sql`delete from profiles`);
    world.time.now = start;
    const shared = { email: 'x@example.test' };
    for (const object of [
      { external_id: 'old', first_name: 'old' },
      { external_id: 'new', first_name: 'new' },
      { user_alias: { alias_name: 'g', alias_label: 'l' }, _update_existing_only: false, first_name: 'guest' },
    ]) {
      world.time.now = new Date(world.time.now.getTime() + 1_000);
      await world.given({ ...object, ...shared });
    }
    assert.deepEqual((await world.post('/users/delete', { email_addresses: [email] })).body, {
      deleted: 1,
      message: 'success',
    });
    const names = await world.db.query(sql`select first_name from profiles order by first_name`);
    assert.deepEqual(
      names.map((row) => row.first_name),
      left,
      what,
    );
  }
});

test('an invalid deletion is refused before anything is deleted', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada' });
  const path = '/users/delete';
  const kinds = 'external_ids, user_aliases, braze_ids, email_addresses, phone_numbers';
  await refused(world, path, {}, 'bad_request', `${kinds}: expected at least one with an element, got none`);
  const many = Array.from({ length: 26 }, (_, n) => `p${n}`);
  await refused(
    world,
    path,
    { external_ids: many, braze_ids: many.slice(1) },
    'too_many_ids',
    `${kinds}: expected at most 50 ids together, got 51`,
  );
  await refused(
    world,
    path,
    { external_ids: ['ada', {}] },
    'bad_request',
    'external_ids[1]: expected a non-empty text',
  );
  await refused(
    world,
    path,
    { email_addresses: ['x'] },
    'bad_request',
    'email_addresses[0]: expected a valid email address',
  );
  const both = { email: 'x@example.test', prioritization: ['identified', 'unidentified'] };
  const contradiction = 'email_addresses[0].prioritization: expected either identified or unidentified';
  await refused(world, path, { email_addresses: [both] }, 'bad_request', contradiction);
  assert.equal(await world.count(), 1);
});
