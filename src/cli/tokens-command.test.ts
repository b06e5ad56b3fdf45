import assert from 'node:assert/strict';
import test from 'node:test';
import { commandLineOnDatabase } from '../../test/support/command-line.ts';
import { sql } from '../db/sql.ts';

test('removed push tokens are listed and restored', async (t) => {
  const { db, workspaceId, run } = await commandLineOnDatabase(t);
  assert.equal((await run('tokens', 'list')).out, 'There are none.');
  const app = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
  await db.run(
    sql`insert into profiles (bucket, user_id, workspace_id, external_id) values (7, 1, ${workspaceId}, 'ada')`,
  );
  await db.run(sql`
    insert into token_removals (workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground,
                                registered_at, reason, dispatch_id, removed_at)
    values (${workspaceId}, ${app}, 't1', 7, 1, 'ios', 'd', true, now(), 'BadDeviceToken',
            '019cf15e-1200-7ec5-94a1-f4f71e602caf', now())`);
  const [removal] = JSON.parse(
    (await run('tokens', 'list', '--since', '1h', '--app', app.toUpperCase(), '--json')).out,
  );
  assert.deepEqual([removal.token, removal.state, removal.external_id], ['t1', 'removed', 'ada']);
  assert.equal((await run('tokens', 'list', '--reason', 'other')).out, 'There are none.');
  const restored = JSON.parse((await run('tokens', 'restore', '--since', '1h', '--json')).out);
  assert.deepEqual(restored, { restored: 1, owned_by_others: 0, people_gone: 0 });
  assert.match((await run('tokens', 'list')).out, /^WHEN +STATE +REASON .*\n.* restored +BadDeviceToken +ada /);
  const { count } = await db.one<{ count: number }>(sql`select count(*) as count from push_targets where token = 't1'`);
  assert.equal(count, 1);
});
