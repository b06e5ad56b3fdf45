// The compiled SQL and the evaluator share only the parsed filter. They must agree about every person.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compile } from '../src/audience/compile/compile.ts';
import type { AudienceContext, AudienceWorkspace } from '../src/audience/context.ts';
import { evaluate } from '../src/audience/evaluate/evaluate.ts';
import { explain, objectionOf } from '../src/audience/evaluate/explain.ts';
import { loadAudienceFacts } from '../src/audience/evaluate/load-facts.ts';
import { re2Matches } from '../src/audience/evaluate/matches.ts';
import { needsOf } from '../src/audience/evaluate/needs.ts';
import type { Filter } from '../src/audience/grammar/filter.ts';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { noEmailSettings } from '../src/channels/email/settings.ts';
import type { Database } from '../src/db/database.ts';
import { joinSql, sql } from '../src/db/sql.ts';
import type { Campaign } from '../src/workspace/catalog.ts';
import {
  anyFilter,
  campaignIds,
  dispatchCount,
  emails,
  type GeneratedPerson,
  leaves,
  mailGroup,
  nestedTimesOf,
  person,
  phones,
  segmentIds,
  textGroup,
  timesOf,
} from './support/audience-worlds.ts';
import { testDatabase } from './support/database.ts';
import { insert } from './support/rows.ts';

const now = new Date('2026-03-15T12:00:00Z');
const RUNS = 20;
const PEOPLE = 24;
const FILTERS = 30;

function workspaceOf(id: number, missingNumberIsZero: boolean): AudienceWorkspace {
  const [exists, everybody] = segmentIds;
  const campaign = (campaignId: string, tags: string[]): [string, Campaign] => [
    campaignId,
    {
      id: campaignId,
      name: campaignId,
      kind: 'api',
      archived: false,
      tags,
      obeysCaps: true,
      countsTowardCaps: false,
      variations: new Map(),
    },
  ];
  const filter = {
    OR: [
      { custom_attribute: { custom_attribute_name: 'a', comparison: 'exists' } },
      { custom_event: { name: 'x', comparison: 'has' } },
    ],
  };
  return {
    id,
    settings: {
      email: { ...noEmailSettings },
      webhook: { deliver: false, allow: [] },
      audience: { missingNumberIsZero },
      requests: { keyInBody: false, strictContentType: false },
      schedules: { lateMs: 3_600_000 },
      users: { trackBatch: 'per_array' },
      itemCatalogs: { storageBytes: 2_147_483_648 },
      rateLimits: {},
    },
    apps: new Map(),
    subscriptionGroups: new Map([
      [mailGroup, { id: mailGroup, name: 'Mail', channel: 'email', archived: false }],
      [textGroup, { id: textGroup, name: 'Texts', channel: 'sms', archived: false }],
    ]),
    segments: new Map([
      [exists, { id: exists, name: 'Known', filter, archived: false }],
      [everybody, { id: everybody, name: 'All', filter: null, archived: false }],
    ]),
    campaigns: new Map([campaign(campaignIds[0], ['sale']), campaign(campaignIds[1], [])]),
  };
}

const dispatchId = (index: number) => `019ce000-0000-7000-8000-00000000000${index}`;

/** Stores dispatches and facts about addresses, the same in every run. */
async function givenSurroundings(db: Database, workspaceId: number): Promise<void> {
  for (let index = 0; index < dispatchCount; index += 1) {
    await db.run(sql`
      insert into dispatches (id, workspace_id, accepted_at, lane, state, request, campaign_id, open_tasks)
      values (${dispatchId(index)}, ${workspaceId}, ${now}, 0, 'finished', '{}', ${campaignIds[index] ?? null}, 0)`);
  }
  await db.run(sql`
    insert into addresses (workspace_id, kind, address, hard_bounced_at, marked_spam_at, invalid_at)
    values (${workspaceId}, 'email', ${emails[0]}, ${now}, null, null),
           (${workspaceId}, 'email', ${emails[1]?.toLowerCase()}, null, ${now}, null),
           (${workspaceId}, 'phone', ${phones[0]}, null, null, ${now})`);
}

async function givenPeople(db: Database, workspaceId: number, people: readonly GeneratedPerson[]): Promise<void> {
  await db.run(sql`truncate profiles, events, purchases, activity_totals, session_days, subscription_states, push_targets,
                        sends, received_totals`);
  const keyed = people.map((one, index) => ({ ...one, key: { bucket: index % 5, user_id: index + 1 } }));
  const rows = <T extends object>(of: (one: (typeof keyed)[number]) => readonly T[]) =>
    keyed.flatMap((one) => of(one).map((row) => ({ ...one.key, ...row })));
  await insert(
    db,
    'profiles',
    keyed.map(({ key, profile }) => ({
      ...key,
      ...profile,
      workspace_id: workspaceId,
      external_id: `p-${key.user_id}`,
      updated_at: now,
      custom_times: timesOf(profile.custom),
      nested_times: nestedTimesOf(profile.custom),
      extras: {},
    })),
  );
  await insert(
    db,
    'events',
    rows(({ events }) => events),
  );
  await insert(
    db,
    'purchases',
    rows(({ purchases }) => purchases.map((one) => ({ ...one, currency: 'EUR' }))),
  );
  await insert(
    db,
    'session_days',
    rows(({ sessionDays }) => sessionDays),
  );
  await insert(
    db,
    'subscription_states',
    rows(({ groups }) => groups.map((one) => ({ ...one, changed_at: now }))),
  );
  await insert(
    db,
    'push_targets',
    rows(({ tokens }) => tokens.map((one) => ({ ...one, token: 't', device_id: 'd', registered_at: now }))),
  );
  await insert(
    db,
    'sends',
    rows(({ sends }) =>
      sends.map(({ dispatch, ...one }) => ({ ...one, dispatch_id: dispatchId(dispatch), attempts: 1 })),
    ),
  );
  // Every other person's sends are summed up, as after retention.
  await db.run(sql`
    with gone as (delete from sends where user_id % 2 = 0 returning *)
    insert into received_totals (bucket, user_id, channel, campaign_id, last_at)
    select g.bucket, g.user_id, g.channel, coalesce(d.campaign_id, ''), max(g.updated_at)
      from gone g left join dispatches d on d.id = g.dispatch_id
     where g.status = 'sent'
     group by 1, 2, 3, 4`);
  await db.run(sql`
    insert into activity_totals (bucket, user_id, kind, name, count, first_at, last_at, revenue)
    select bucket, user_id, 'event', name, count(*), min(at), max(at), 0 from events group by 1, 2, 4
     union all
    select bucket, user_id, 'purchase', product_id, sum(quantity), min(at), max(at), sum(price * quantity)
      from purchases group by 1, 2, 4`);
}

/** PostgreSQL's answers: by user id, one for each filter. */
async function askSql(
  db: Database,
  filters: readonly Filter[],
  context: AudienceContext,
): Promise<Map<number, unknown[]>> {
  const rows = await db.query<{ user_id: number; answers: unknown[] }>(sql`
    select p.user_id, array[${joinSql(filters.map((one) => compile(one, context)))}] as answers from profiles p`);
  return new Map(rows.map(({ user_id, answers }) => [user_id, answers]));
}

test('the SQL and the evaluator agree about generated people and filters', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  await givenSurroundings(db, workspaceId);
  const seen = { pairs: 0, held: 0, kinds: new Map<string, { pairs: number; held: number }>() };
  const world = fc.record({
    people: fc.array(person, { minLength: PEOPLE, maxLength: PEOPLE }),
    filters: fc.array(anyFilter, { minLength: FILTERS, maxLength: FILTERS }),
    one: fc.record(leaves),
    missingNumberIsZero: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(world, async ({ people, filters: given, one, missingNumberIsZero }) => {
      const workspace = workspaceOf(workspaceId, missingNumberIsZero);
      const context: AudienceContext = { now, workspace };
      const asked = [...given, ...Object.values(one)];
      const filters = asked.map((filter) => parseAudience(filter, 'segment', { isSegment: true }));
      await givenPeople(db, workspaceId, people);
      const bySql = await askSql(db, filters, context);
      const keys = people.map((_, index) => ({ bucket: index % 5, userId: index + 1 }));
      const needs = new Set(filters.flatMap((filter) => [...needsOf(filter, workspace)]));
      const facts = await loadAudienceFacts(db, { workspaceId, people: keys, needs, now });
      for (const [index, { userId }] of keys.entries()) {
        const own = facts.get(userId);
        assert.ok(own);
        for (const [at, filter] of filters.entries()) {
          const question = { facts: own, context, matches: re2Matches };
          const held = evaluate(filter, question);
          const expected = bySql.get(userId)?.[at];
          assert.equal(
            held,
            expected,
            `${JSON.stringify(asked[at])} on ${JSON.stringify(people[index])}: SQL says ${expected}`,
          );
          const explanation = explain(filter, 'segment', question);
          assert.equal(explanation.held, held);
          assert.equal(objectionOf(explanation) === null, held);
          count(seen, at < given.length ? 'any' : Object.keys(one)[at - given.length], held);
        }
      }
    }),
    { numRuns: RUNS },
  );
  t.diagnostic(`${seen.pairs} pairs, ${seen.held} of them true`);
  for (const [kind, { pairs, held }] of seen.kinds) t.diagnostic(`${kind}: ${pairs} pairs, ${held} true`);
  assert.deepEqual(
    [...seen.kinds].filter(([, { held, pairs }]) => held === 0 || held === pairs).map(([kind]) => kind),
    [],
    'every kind of filter holds for some people and not for others',
  );
  assert.ok(seen.pairs >= 5_000 && seen.held > seen.pairs / 5 && seen.held < (seen.pairs * 4) / 5);
});

function count(
  seen: { pairs: number; held: number; kinds: Map<string, { pairs: number; held: number }> },
  kind: string | undefined,
  held: boolean,
): void {
  const known = seen.kinds.get(kind ?? '') ?? { pairs: 0, held: 0 };
  seen.kinds.set(kind ?? '', { pairs: known.pairs + 1, held: known.held + Number(held) });
  seen.pairs += 1;
  seen.held += Number(held);
}
