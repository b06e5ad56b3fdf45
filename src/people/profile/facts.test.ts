import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { brazeId } from './braze-id.ts';
import { loadRecipients } from './facts.ts';
import { nameKey, type PersonKey, resolveNames } from './identify.ts';
import { allNeeds, type RecipientNeeds } from './needs.ts';

const createdAt = new Date('2026-01-02T03:04:05.678Z');

async function givenPerson(db: Db, workspaceId: number, externalId: string): Promise<PersonKey> {
  const { bucket, user_id } = await db.one<{ bucket: number; user_id: number }>(sql`
    insert into profiles (bucket, user_id, workspace_id, external_id, created_at, random_bucket, email, phone, custom, custom_times)
    select bucket_of(id), id, ${workspaceId}, ${externalId}, ${createdAt}, 77, 'Ada@Example.test', '+15555550100',
           '{"joined": "2026-01-31", "points": 3}', '{"joined": 1769817600000}'
      from nextval('user_ids') as id
    returning bucket, user_id`);
  await db.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    values (${workspaceId}, '', ${externalId}, ${bucket}, ${user_id})`);
  return { bucket, userId: user_id };
}

test('names are resolved exactly and within the workspace; unknown names are missing', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const ada = await givenPerson(db, workspaceId, 'ada');
  const ben = await givenPerson(db, workspaceId, 'ben');
  await db.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    values (${workspaceId}, 'crm', 'ada', ${ben.bucket}, ${ben.userId}),
           (${workspaceId + 1}, '', 'other', ${ben.bucket}, ${ben.userId})`);
  const names = [
    { label: '', name: 'ada' },
    { label: 'crm', name: 'ada' },
    { label: '', name: 'Ada' },
    { label: '', name: 'other' },
    { label: '', name: 'nul\u0000' },
    { label: '\ud800', name: 'half' },
    { label: '', name: 'ada' },
  ];
  const found = await resolveNames(db, workspaceId, names);
  assert.deepEqual(
    found,
    new Map([
      [nameKey('', 'ada'), ada],
      [nameKey('crm', 'ada'), ben],
    ]),
  );
  assert.deepEqual(await resolveNames(db, workspaceId, []), new Map());
});

test('a recipient comes with person, push targets, groups and the flags of the addresses', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const ada = await givenPerson(db, workspaceId, 'ada');
  const { bucket, userId } = ada;
  const used = new Date('2026-02-01T00:00:00.250Z');
  await db.run(sql`
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id, foreground, registered_at, last_used_at)
    values (${bucket}, ${userId}, 'app', 'older', 'ios', 'd1', true, ${createdAt}, null),
           (${bucket}, ${userId}, 'app', 'used', 'web', 'd2', false, ${createdAt}, ${used})`);
  await db.run(sql`
    insert into subscription_states (bucket, user_id, group_id, state) values (${bucket}, ${userId}, 'g', 'unsubscribed')`);
  await db.run(sql`
    insert into addresses (workspace_id, kind, address, hard_bounced_at) values
      (${workspaceId}, 'email', 'ada@example.test', ${used}), (${workspaceId + 1}, 'phone', '+15555550100', ${used})`);
  const found = await loadRecipients(db, { workspaceId, people: [ada] });
  assert.deepEqual(
    found,
    new Map([
      [
        userId,
        {
          bucket,
          userId,
          person: {
            brazeId: brazeId(createdAt, bucket, userId),
            externalId: 'ada',
            firstName: null,
            lastName: null,
            email: 'Ada@Example.test',
            phone: '+15555550100',
            gender: null,
            language: null,
            country: null,
            homeCity: null,
            timeZone: null,
            dob: null,
            randomBucket: 77,
            longitude: null,
            latitude: null,
            lastSessionAt: null,
            emailState: 'subscribed',
            custom: { joined: '2026-01-31', points: 3 },
            customTimes: { joined: 1769817600000 },
            subscriptionGroups: { g: 'unsubscribed' },
            mostRecentlyUsedDevice: { id: 'd2', platform: 'web', foreground_push_enabled: false },
          },
          pushState: 'subscribed',
          emailUnsubscribedAt: null,
          pushUnsubscribedAt: null,
          pushTargets: [
            {
              appId: 'app',
              platform: 'web',
              token: 'used',
              deviceId: 'd2',
              foreground: false,
              lastUsedAt: used,
              registeredAt: createdAt,
              environment: null,
            },
            {
              appId: 'app',
              platform: 'ios',
              token: 'older',
              deviceId: 'd1',
              foreground: true,
              lastUsedAt: null,
              registeredAt: createdAt,
              environment: null,
            },
          ],
          emailFlags: { hardBouncedAt: used, markedSpamAt: null, invalidAt: null, suppressedAt: null },
          phoneFlags: null,
          lastWrote: {},
          wantsNoOpens: false,
          wantsNoClicks: false,
          sharedEmail: null,
          sharedPhone: null,
        },
      ],
    ]),
  );
});

test('every combination of needs loads what it asks for and no more, in one bucket and across buckets', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const people: PersonKey[] = [];
  for (let n = 0; n < 5; n += 1) people.push(await givenPerson(db, workspaceId, `p${n}`));
  await db.run(sql`
    insert into subscription_states (bucket, user_id, group_id, state)
    select bucket, user_id, 'g', 'subscribed' from profiles`);
  const keys = ['custom', 'push', 'groups', 'emailFlags', 'phoneFlags', 'details'] as const;
  for (let bits = 0; bits < 64; bits += 1) {
    const needs = { ...allNeeds };
    for (const [at, key] of keys.entries()) needs[key] = (bits & (1 << at)) !== 0;
    for (const asked of [people, people.slice(0, 1)]) {
      const found = await loadRecipients(db, { workspaceId, people: asked, needs });
      assert.deepEqual([...found.keys()].sort(), asked.map(({ userId }) => userId).sort());
      const person = found.get(asked[0]?.userId ?? 0)?.person;
      assert.deepEqual(person?.subscriptionGroups, needs.groups ? { g: 'subscribed' } : {});
      assert.deepEqual(person?.custom, needs.custom ? { joined: '2026-01-31', points: 3 } : {});
    }
  }
});

test('people of many buckets are found in whatever order they are asked for, and nobody beside them', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const all = await db.query<PersonKey & { external_id: string }>(sql`
    insert into profiles (bucket, user_id, workspace_id, external_id)
    select bucket_of(id), id, ${workspaceId}, 'p' || id
      from (select nextval('user_ids') as id from generate_series(1, 600)) as ids
    returning bucket, user_id as "userId", external_id`);
  const asked = all.filter((_, at) => at % 3 !== 0).toReversed();
  for (const needs of [allNeeds, { ...allNeeds, groups: false, push: false, group: 'g' }]) {
    const found = await loadRecipients(db.byKey, { workspaceId, people: asked, needs });
    const names = (people: Iterable<string | null | undefined>) => [...people].sort();
    assert.deepEqual(
      names([...found.values()].map(({ person }) => person.externalId)),
      names(asked.map(({ external_id }) => external_id)),
    );
  }
});

test('deleted people and people of other workspaces are missing', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const ada = await givenPerson(db, workspaceId, 'ada');
  const stranger = await givenPerson(db, workspaceId + 1, 'ada');
  const found = await loadRecipients(db, { workspaceId, people: [ada, stranger, { bucket: 1, userId: 999 }] });
  assert.deepEqual([...found.keys()], [ada.userId]);
});

test('of a single group that is asked for, only its state comes, and with several devices the same', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const people: PersonKey[] = [];
  for (const name of ['ada', 'ben', 'cid']) people.push(await givenPerson(db, workspaceId, name));
  const [ada, ben, cid] = people as [PersonKey, PersonKey, PersonKey];
  await db.run(sql`
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id)
    values (${ada.bucket}, ${ada.userId}, 'app', 'one', 'ios', 'd1'), (${ada.bucket}, ${ada.userId}, 'app', 'two', 'ios', 'd2')`);
  await db.run(sql`
    insert into subscription_states (bucket, user_id, group_id, state) values
      (${ada.bucket}, ${ada.userId}, 'g', 'unsubscribed'), (${ada.bucket}, ${ada.userId}, 'h', 'subscribed'),
      (${ben.bucket}, ${ben.userId}, 'g', 'subscribed'), (${cid.bucket}, ${cid.userId}, 'h', 'subscribed')`);
  const groupsWith = async (needs: RecipientNeeds) => {
    const found = await loadRecipients(db.byKey, { workspaceId, people, needs });
    return people.map(({ userId }) => found.get(userId)?.person.subscriptionGroups);
  };
  const inOne = [{ g: 'unsubscribed' }, { g: 'subscribed' }, {}];
  const inAll = [{ g: 'unsubscribed', h: 'subscribed' }, { g: 'subscribed' }, { h: 'subscribed' }];
  assert.deepEqual(await groupsWith({ ...allNeeds, groups: false, group: 'g' }), inOne);
  assert.deepEqual(await groupsWith({ ...allNeeds, push: false, groups: false, group: 'g' }), inOne);
  assert.deepEqual(await groupsWith({ ...allNeeds, groups: true, group: 'g' }), inAll);
  assert.deepEqual(await groupsWith({ ...allNeeds, groups: false }), [{}, {}, {}]);
});
