import assert from 'node:assert/strict';
import test from 'node:test';
import { start, startWorld } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';
import { setEmailState } from '../../../people/consent/email-state.ts';

test('routes have the permissions and rate buckets of the specification', async (t) => {
  const world = await startWorld(t);
  const fields = { fields_to_export: ['email'] };
  const heavy = { fields_to_export: ['email', 'campaigns_received'] };
  const table = [
    ['/users/track', {}, 'users.track', 'users_track', 3_000, 3_000],
    ['/users/alias/new', {}, 'users.alias.new', 'users_identity', 20_000, 60_000],
    ['/users/delete', {}, 'users.delete', 'users_identity', 20_000, 60_000],
    ['/users/export/ids', {}, 'users.export.ids', 'users_export_ids', 250, 60_000],
    ['/users/export/ids', heavy, 'users.export.ids', 'users_export_ids', 250, 60_000],
    ['/users/export/ids', fields, 'users.export.ids', 'users_export_ids_with_fields', 40, 1_000],
  ] as const;
  for (const [path, body, permission, name, limit, windowMs] of table) {
    const route = world.routes.find((known) => known.path === path);
    assert.deepEqual([route?.permission, route?.bucket?.(body)], [permission, { name, limit, windowMs }]);
  }
});

test('an email state that is set for a person applies to everybody with the address', async (t) => {
  const world = await startWorld(t);
  await world.given(
    { external_id: 'ada', email: 'X@example.test' },
    { external_id: 'ben', email: 'x@example.test' },
    { external_id: 'cleo' },
  );
  const set = async (externalId: string) => {
    const { bucket, user_id } = (await world.profile(externalId)) as { bucket: number; user_id: number };
    await setEmailState(world.db, {
      workspaceId: world.workspaceId,
      person: { bucket, userId: user_id },
      state: 'unsubscribed',
      source: { door: 'link' },
      now: start,
    });
  };
  const states = () => world.db.query(sql`select email_state from profiles order by external_id`);
  await set('ben');
  assert.deepEqual(
    (await states()).map((row) => row.email_state),
    ['unsubscribed', 'unsubscribed', 'subscribed'],
  );
  await set('cleo');
  assert.deepEqual(
    (await states()).map((row) => row.email_state),
    ['unsubscribed', 'unsubscribed', 'unsubscribed'],
  );
});
