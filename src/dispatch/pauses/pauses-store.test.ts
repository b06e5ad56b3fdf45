import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { dashed, v7 } from '../../lib/uuid.ts';
import { noteFailure } from '../ledger/dispatches/dispatches.ts';
import { endPause, explainWait, type Pause, storePause } from './pauses-store.ts';
import { appSubject, relaySubject } from './subject.ts';

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

function pauseOf(workspaceId: number, subject: Pause['subject'], cause: Pause['cause'], reason: string): Pause {
  return { workspaceId, subject, cause, reason, settings: 'abcd', since: now, probeAt: now, probes: 0 };
}

test('an app that is open again ends the waits for it, and clears no other failure, whatever its text', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const [one, two] = ['one', 'two'].map((id) =>
    pauseOf(workspaceId, appSubject(id), 'config_error', 'InvalidProviderToken'),
  ) as [Pause, Pause];
  await storePause(db, one);
  const ids = [];
  for (let count = 0; count < 4; count += 1) ids.push(await givenDispatch(db, workspaceId));
  const [waiting = '', elsewhere = '', failed = '', later = ''] = ids;
  for (const id of [waiting, failed]) await explainWait(db, id, [one], () => undefined);
  await explainWait(db, elsewhere, [two], () => undefined);
  await noteFailure(db, failed, 'app one: the disk is full');
  // A dispatch waits for the app that was stored last.
  await explainWait(db, later, [one], () => undefined);
  await explainWait(db, later, [two], () => undefined);
  assert.equal(await failureOf(db, waiting), waitsFor('one'));
  assert.ok(await db.transaction((tx) => endPause(tx, one, null, now)));
  const failures = [];
  for (const id of ids) failures.push(await failureOf(db, id));
  assert.deepEqual(failures, [null, waitsFor('two'), 'app one: the disk is full', waitsFor('two')]);
});

test('a dispatch that waits for several apps names all of them, and waits until the last one is open', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const [one, two] = ['one', 'two'].map((id) =>
    pauseOf(workspaceId, appSubject(id), 'config_error', 'InvalidProviderToken'),
  ) as [Pause, Pause];
  for (const pause of [one, two]) await storePause(db, pause);
  const id = await givenDispatch(db, workspaceId);
  await explainWait(db, id, [one, two], (appId) => `Acme ${appId}`);
  const said = (appId: string) => `app "Acme ${appId}" (${appId}): its provider does not accept our settings`;
  assert.equal(
    await failureOf(db, id),
    `${said('one')} (InvalidProviderToken); ${said('two')} (InvalidProviderToken); what waits goes out once it does`,
  );
  assert.ok(await db.transaction((tx) => endPause(tx, one, null, now)));
  assert.notEqual(await failureOf(db, id), null);
  assert.ok(await db.transaction((tx) => endPause(tx, two, null, now)));
  assert.equal(await failureOf(db, id), null);
});

test('one relay that works again ends the wait for all relays', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const main = pauseOf(workspaceId, relaySubject('main'), 'unreachable', 'connect ECONNREFUSED 127.0.0.1:25');
  const spare = pauseOf(workspaceId, relaySubject('spare'), 'config_error', '535 no');
  for (const pause of [main, spare]) await storePause(db, pause);
  const id = await givenDispatch(db, workspaceId);
  await explainWait(db, id, [main, spare], () => undefined);
  assert.equal(
    await failureOf(db, id),
    'mail relay main does not answer (connect ECONNREFUSED 127.0.0.1:25); mail relay spare does not accept our settings (535 no); what waits goes out once it does',
  );
  assert.ok(await db.transaction((tx) => endPause(tx, spare, null, now)));
  assert.equal(await failureOf(db, id), null);
});
