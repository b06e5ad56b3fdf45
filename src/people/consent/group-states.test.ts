import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Body, emailGroup, smsGroup, startWorld } from '../../../test/support/people.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { isSqlstate } from '../../db/sqlstates.ts';
import { setEmailState } from './email-state.ts';

const EMAILS = ['a@example.test', 'b@example.test', 'c@example.test'];
const PHONES = ['+14155550100', '+14155550101'];
const WRITERS = 8;
const WRITES = 160;

const person = fc.constantFrom('p0', 'p1', 'p2', 'p3', 'p4', 'p5');
const email = fc.constantFrom(...EMAILS);
const phone = fc.constantFrom(...PHONES);
const state = fc.constantFrom('subscribed', 'unsubscribed');
const few = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 4 });
const element = fc.oneof(
  fc.record({ subscription_group_id: fc.constant(emailGroup), subscription_state: state, emails: few(email) }),
  fc.record({ subscription_group_id: fc.constant(smsGroup), subscription_state: state, phones: few(phone) }),
  fc.record({
    subscription_group_id: fc.constantFrom(emailGroup, smsGroup),
    subscription_state: state,
    external_ids: few(person),
  }),
);
const own = fc.record({ subscription_group_id: fc.constantFrom(emailGroup, smsGroup), subscription_state: state });
const named = (external_id: string) => ({ external_id });

/** A request of any kind that changes who has an address, or a state. */
const write: fc.Arbitrary<{ path: string; body: Body }> = fc.oneof(
  {
    weight: 4,
    arbitrary: few(element).map((list) => ({
      path: '/v2/subscription/status/set',
      body: { subscription_groups: list },
    })),
  },
  {
    weight: 4,
    arbitrary: few(fc.record({ external_id: person, subscription_groups: few(own) })).map((attributes) => ({
      path: '/users/track',
      body: { attributes },
    })),
  },
  {
    weight: 3,
    arbitrary: few(fc.record({ external_id: person, email, phone })).map((attributes) => ({
      path: '/users/track',
      body: { attributes },
    })),
  },
  { weight: 2, arbitrary: person.map((id) => ({ path: 'page', body: { external_id: id } })) },
  {
    weight: 1,
    arbitrary: fc.tuple(person, person).map(([one, other]) => ({
      path: '/users/merge',
      body: { merge_updates: [{ identifier_to_merge: named(one), identifier_to_keep: named(other) }] },
    })),
  },
  { weight: 1, arbitrary: person.map((id) => ({ path: '/users/delete', body: { external_ids: [id] } })) },
);

/** The database, with a count of the transactions that PostgreSQL ended because of a deadlock. */
function countingDeadlocks(): { watched: (db: Database) => Database; deadlocks: () => number } {
  let deadlocks = 0;
  const watched = (db: Database): Database => ({
    ...db,
    transaction: async (work) => {
      try {
        return await db.transaction(work);
      } catch (error) {
        if (isSqlstate(error, 'deadlock_detected')) deadlocks += 1;
        throw error;
      }
    },
  });
  return { watched, deadlocks: () => deadlocks };
}

test('writers of states and addresses never deadlock, and leave nothing behind', async (t) => {
  const { watched, deadlocks } = countingDeadlocks();
  const world = await startWorld(t, watched);
  const queue = fc.sample(write, { numRuns: WRITES, seed: Number(process.env.CRESSET_TEST_SEED ?? Date.now()) });
  const first = JSON.stringify(queue.slice(0, 3));
  const db = watched(world.db);
  const unsubscribe = async (externalId: string) => {
    const [key] = await db.query<{ bucket: number; user_id: number }>(
      sql`select bucket, user_id from profiles where external_id = ${externalId}`,
    );
    const { workspaceId, time } = world;
    if (key === undefined) return;
    const one = { bucket: key.bucket, userId: key.user_id };
    await setEmailState(db, {
      workspaceId,
      person: one,
      state: 'unsubscribed',
      source: { door: 'link' },
      now: time.now,
    });
  };
  async function writeAll(): Promise<void> {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (next.path === 'page') await unsubscribe(String(next.body.external_id));
      else assert.ok((await world.post(next.path, next.body)).status < 300, JSON.stringify(next));
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writeAll));
  assert.equal(deadlocks(), 0, first);

  const orphans = sql`
    select s.* from subscription_states s left join profiles p using (bucket, user_id) where p.user_id is null`;
  assert.deepEqual(await world.db.query(orphans), [], first);
  const held = sql`
    select w.address from waiting_group_states w join profiles p on lower(p.email) = w.address or p.phone = w.address`;
  assert.deepEqual(await world.db.query(held), [], `nothing waits for an address that somebody has (${first})`);
});

test('of two writers of one state, the one that commits last counts', async (t) => {
  const world = await startWorld(t);
  const address = 'x@example.test';
  const groups = (subscription_state: string) => [{ subscription_group_id: emailGroup, subscription_state }];
  for (let round = 0; round < 10; round += 1) {
    await world.given({ external_id: `ada${round}`, email: address }, { external_id: `ben${round}`, email: address });
    const order: string[] = [];
    const note = (said: string) => () => order.push(said);
    await Promise.all([
      world
        .given({ external_id: `ada${round}`, subscription_groups: groups('unsubscribed') })
        .then(note('unsubscribed')),
      world
        .post('/v2/subscription/status/set', {
          subscription_groups: groups('subscribed').map((group) => ({ ...group, emails: [address] })),
        })
        .then(note('subscribed')),
    ]);
    const states = await world.db.query<{ state: string }>(sql`select distinct state from subscription_states`);
    assert.deepEqual(states, [{ state: order[1] }], `round ${round}`);
  }
});
