// The gates decide in memory for one person, and in SQL for everybody in the preview. Both must agree on every person.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type ChannelKey, channelKeys } from '../src/channels/channel.ts';
import { channels } from '../src/channels/index.ts';
import type { Database } from '../src/db/database.ts';
import { joinSql, sql } from '../src/db/sql.ts';
import { decide } from '../src/dispatch/admit/decide.ts';
import { type ReachQuestion, reaches } from '../src/dispatch/admit/gates-sql.ts';
import { factsOf } from '../src/dispatch/admit/send-facts.ts';
import { requiredStates } from '../src/people/consent/required-state.ts';
import { loadRecipients, type Recipient } from '../src/people/profile/facts.ts';
import { testDatabase } from './support/database.ts';
import { insert } from './support/rows.ts';

const now = new Date('2026-03-15T12:00:00Z');
const RUNS = 25;
/** Fixed, because the worlds of this seed hold every verdict that is checked for below. */
const SEED = 1;
const PEOPLE = 24;

const groups = ['aaaaaaaa-3b7e-4c5e-9a55-5f1f0f6f7a11', 'bbbbbbbb-3b7e-4c5e-9a55-5f1f0f6f7a11'] as const;
const emails = ['ada@acme.test', 'Bob@Acme.test', 'eve@acme.test'];
const phones = ['+14155550100', '+14155550101', '+441632960001'];

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const state = fc.constantFrom('opted_in', 'subscribed', 'unsubscribed');
const flag = maybe(fc.constant(now));
const rarely = fc.option(fc.constant(now), { nil: null, freq: 4 });

const person = fc.record({
  profile: fc.record({
    email: maybe(fc.constantFrom(...emails)),
    phone: maybe(fc.constantFrom(...phones)),
    email_state: state,
    push_state: state,
  }),
  groups: fc.uniqueArray(
    fc.record({ group_id: fc.constantFrom(...groups), state: fc.constantFrom('subscribed', 'unsubscribed') }),
    { selector: ({ group_id }) => group_id, maxLength: 2 },
  ),
  tokens: fc.uniqueArray(
    fc.record({
      token: fc.constantFrom('t1', 't2', 't3'),
      platform: fc.constantFrom('ios', 'android', 'kindle', 'web'),
      foreground: fc.boolean(),
      last_used_at: flag,
      suspect_since: flag,
    }),
    { selector: ({ token }) => token, maxLength: 3 },
  ),
});

/** The flags of an address, in this workspace or in another one, which must not matter. */
const addresses = fc.uniqueArray(
  fc.record({
    isOurs: fc.boolean(),
    address: fc.constantFrom(...emails, ...phones),
    hard_bounced_at: rarely,
    marked_spam_at: rarely,
    invalid_at: rarely,
    suppressed_at: rarely,
  }),
  { selector: ({ isOurs, address }) => `${isOurs} ${address}`, maxLength: 8 },
);

type World = { people: readonly GeneratedPerson[]; addresses: readonly GeneratedAddress[] };
type GeneratedPerson = typeof person extends fc.Arbitrary<infer T> ? T : never;
type GeneratedAddress = typeof addresses extends fc.Arbitrary<(infer T)[]> ? T : never;

async function givenWorld(db: Database, workspaceId: number, world: World): Promise<void> {
  await db.run(sql`truncate profiles, subscription_states, push_targets, addresses`);
  const keyed = world.people.map((one, index) => ({ ...one, key: { bucket: index % 5, user_id: index + 1 } }));
  const filled = { created_at: now, updated_at: now, random_bucket: 1, session_count: 0 };
  const profiles = keyed.map(({ key, profile }) => ({
    ...{ ...key, ...filled, ...profile, workspace_id: workspaceId, external_id: `p-${key.user_id}` },
    ...{ custom: {}, custom_times: {}, extras: {} },
  }));
  await insert(db, 'profiles', profiles);
  const rowsOf = (of: (one: GeneratedPerson) => readonly object[]) =>
    keyed.flatMap((one) => of(one).map((row) => ({ ...one.key, ...row })));
  await insert(
    db,
    'subscription_states',
    rowsOf((one) => one.groups.map((group) => ({ ...group, changed_at: now }))),
  );
  await insert(
    db,
    'push_targets',
    rowsOf((one) => one.tokens.map((token) => ({ ...token, app_id: 'app', device_id: 'd', registered_at: now }))),
  );
  await insert(
    db,
    'addresses',
    world.addresses.map(({ isOurs, address, ...flags }) => ({
      workspace_id: isOurs ? workspaceId : workspaceId + 1,
      kind: address.startsWith('+') ? 'phone' : 'email',
      address: address.toLowerCase(),
      ...flags,
    })),
  );
}

/** Every channel with every state that a request may require. Channels that go to members of a group: with each group. */
const questions = channelKeys.flatMap((key) =>
  requiredStates.flatMap((requiredState) =>
    (channels[key].address.kind === 'phone' ? groups : [null]).flatMap((groupId) =>
      (groupId === null ? [null] : [null, ['+43', '+1']]).map((dialingCodes) => ({
        ...{ key, requiredState, groupId, dialingCodes },
      })),
    ),
  ),
);

type Question = Omit<ReachQuestion, 'workspaceId'>;

/** PostgreSQL's answers by user id, one for each question. */
async function askSql(db: Database, workspaceId: number): Promise<Map<number, boolean[]>> {
  const conditions = questions.map((question) => reaches({ ...question, workspaceId }));
  const rows = await db.query<{ user_id: number; answers: boolean[] }>(sql`
    select m.user_id, array[${joinSql(conditions)}] as answers from profiles m where m.workspace_id = ${workspaceId}`);
  return new Map(rows.map(({ user_id, answers }) => [user_id, answers]));
}

function askGates(recipient: Recipient, { key, requiredState, groupId, dialingCodes }: Question): string {
  const base = { channel: channels[key], message: {}, requiredState, subscriptionGroupId: groupId, dialingCodes };
  const plan = { ...base, countries: null, control: null, quiet: null };
  const decision = decide(factsOf(recipient, plan, 'own', now));
  return decision.kind === 'refuse' ? decision.reason : decision.kind;
}

test('on generated people the gates and their SQL agree, for every channel and required state', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const seen = new Map<string, Set<string>>(channelKeys.map((key: ChannelKey) => [key, new Set()]));
  const world = fc.record({ people: fc.array(person, { minLength: PEOPLE, maxLength: PEOPLE }), addresses });
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      await givenWorld(db, workspaceId, given);
      const keys = given.people.map((_, index) => ({ bucket: index % 5, userId: index + 1 }));
      const bySql = await askSql(db, workspaceId);
      const recipients = await loadRecipients(db, { workspaceId, people: keys });
      assert.equal(recipients.size, PEOPLE);
      for (const [userId, recipient] of recipients) {
        for (const [index, question] of questions.entries()) {
          const verdict = askGates(recipient, question);
          seen.get(question.key)?.add(verdict);
          assert.equal(
            verdict === 'admit',
            bySql.get(userId)?.[index],
            `${JSON.stringify(question)} on ${JSON.stringify(given.people[userId - 1])}: the gates say ${verdict}`,
          );
        }
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
  const states = ['not_opted_in', 'unsubscribed'];
  const group = 'not_in_subscription_group';
  assert.deepEqual(Object.fromEntries([...seen].map(([key, verdicts]) => [key, [...verdicts].sort()])), {
    android_push: ['admit', 'no_address', ...states],
    apple_push: ['admit', 'no_address', ...states],
    content_card: ['admit'],
    email: ['admit', 'hard_bounced', 'marked_spam', 'no_address', 'not_opted_in', 'suppressed', 'unsubscribed'],
    kindle_push: ['admit', 'no_address', ...states],
    sms: ['admit', 'blocked_country', 'invalid_phone', 'no_address', group, 'suppressed'],
    web_push: ['admit', 'no_address', ...states],
    webhook: ['admit'],
    whats_app: ['admit', 'blocked_country', 'no_address', group, 'suppressed'],
  });
});
