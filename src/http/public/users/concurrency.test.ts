import assert from 'node:assert/strict';
import test from 'node:test';
import { appId, startWorld } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';

test('concurrent requests for the same new person make one person, and no update is lost', async (t) => {
  const world = await startWorld(t);
  const requests = Array.from({ length: 24 }, (_, n) => {
    const ids = ['ada', 'ben', 'cleo', 'dora'];
    const turned = n % 2 === 0 ? ids : [...ids].reverse();
    return world.track({
      attributes: turned.map((external_id) => ({
        external_id,
        clicks: { inc: 1 },
        tags: { add: [`tag${n}`] },
        email: `${external_id}@example.test`,
        push_tokens: [{ app_id: appId, token: `shared${n % 3}` }],
        ...(n % 5 === 0 && { email_subscribe: 'opted_in' }),
      })),
      events: turned.map((external_id) => ({ external_id, name: 'clicked', time: '2026-02-01' })),
    });
  });
  const answers = await Promise.all(requests);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  assert.equal(await world.count(), 4);
  const rows = await world.db.query<{ clicks: number; tags: number; state: string }>(sql`
    select (custom->>'clicks')::int as clicks, jsonb_array_length(custom->'tags') as tags, email_state as state from profiles`);
  assert.deepEqual(
    rows,
    Array.from({ length: 4 }, () => ({ clicks: 24, tags: 24, state: 'opted_in' })),
  );
  assert.deepEqual(
    await world.db.query(sql`select count from activity_totals`),
    Array.from({ length: 4 }, () => ({ count: 24 })),
  );
  const tokens = await world.db.query(sql`select token from push_targets order by token`);
  assert.deepEqual(tokens, [{ token: 'shared0' }, { token: 'shared1' }, { token: 'shared2' }]);
});

test('concurrent requests for the same new address make one person', async (t) => {
  const world = await startWorld(t);
  await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      world.track({
        attributes: [
          n % 2 === 0 ? { email: 'a@example.test', n: { inc: 1 } } : { phone: '+15125550100', n: { inc: 1 } },
        ],
      }),
    ),
  );
  assert.deepEqual(await world.db.query(sql`select custom from profiles`), [
    { custom: { n: 6 } },
    { custom: { n: 6 } },
  ]);
});

test('people who are tracked and deleted at once are either complete or gone', async (t) => {
  const world = await startWorld(t);
  const ids = ['ada', 'ben', 'cleo'];
  await Promise.all(
    Array.from({ length: 30 }, (_, n) => {
      if (n % 3 === 0) return world.post('/users/delete', { external_ids: ids });
      if (n % 3 === 1)
        return world.post('/users/alias/new', {
          user_aliases: ids.map((id) => ({ external_id: id, alias_name: `${id}${n}`, alias_label: 'l' })),
        });
      return world.track({
        attributes: ids.map((external_id) => ({ external_id, push_tokens: [{ app_id: appId, token: external_id }] })),
      });
    }),
  );
  const orphans = await world.db.query(sql`
    select n.label, n.name from user_names n left join profiles p using (bucket, user_id) where p.user_id is null
     union all
    select 'profile', p.external_id from profiles p left join user_names n on n.label = '' and n.name = p.external_id and n.user_id = p.user_id where n.name is null
     union all
    select 'token', o.token from push_token_owners o left join push_targets t using (bucket, user_id, app_id, token) where t.token is null
     union all
    select 'target', t.token from push_targets t left join profiles p using (bucket, user_id) where p.user_id is null`);
  assert.deepEqual(orphans, []);
});
