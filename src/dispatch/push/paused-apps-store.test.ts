import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { dashed, v7 } from '../../lib/uuid.ts';
import { noteFailure } from '../ledger/dispatches.ts';
import { explainWait, pauseApp, resumeApp } from './paused-apps-store.ts';

const now = new Date('2026-03-15T12:00:00Z');

async function givenDispatch(db: Db, workspaceId: number): Promise<string> {
  const id = dashed(v7(now));
  await db.run(sql`
    insert into dispatches (id, workspace_id, accepted_at, lane, state, request, open_tasks)
    values (${id}, ${workspaceId}, ${now}, 1, 'sending', '{}', 1)`);
  return id;
}

async function failureOf(db: Db, id: string): Promise<string | null> {
  return (await db.one<{ failure: string | null }>(sql`select failure from dispatches where id = ${id}`)).failure;
}

const waitsFor = (appId: string) =>
  `app ${appId}: its provider does not accept our settings (InvalidProviderToken); what waits goes out once it does`;

test('an app that is open again ends the waits for it, and clears no other failure, whatever its text', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const paused = { workspaceId, cause: 'config_error', reason: 'InvalidProviderToken', settings: 'abcd' } as const;
  await pauseApp(db, { ...paused, appId: 'one', since: now, probeAt: now });
  const ids = [];
  for (let count = 0; count < 4; count += 1) ids.push(await givenDispatch(db, workspaceId));
  const [waiting = '', elsewhere = '', failed = '', later = ''] = ids;
  for (const id of [waiting, failed]) await explainWait(db, id, 'one', 'InvalidProviderToken');
  await explainWait(db, elsewhere, 'two', 'InvalidProviderToken');
  await noteFailure(db, failed, 'app one: the disk is full');
  // A dispatch waits for the app that was stored last.
  await explainWait(db, later, 'one', 'InvalidProviderToken');
  await explainWait(db, later, 'two', 'InvalidProviderToken');
  assert.equal(await failureOf(db, waiting), waitsFor('one'));
  assert.ok(await db.transaction((tx) => resumeApp(tx, 'one', null, now)));
  const failures = [];
  for (const id of ids) failures.push(await failureOf(db, id));
  assert.deepEqual(failures, [null, waitsFor('two'), 'app one: the disk is full', waitsFor('two')]);
});
