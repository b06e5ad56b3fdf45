import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { startTestApp, type TestApp } from './app.ts';
import { IOS, scriptedProvider, workspace } from './push-provider.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
/** The segment of everybody, to add to a workspace file. */
export const everybody = `segments:\n  - { id: ${EVERYBODY}, name: Everybody, filter: null }\n`;
export const push = { alert: { title: 'Hi', body: 'Hello {{${user_id}}}' } };

/** The whole server, and a push provider that answers as the test tells it. */
export async function startPushApp(t: TestContext, yaml = workspace()) {
  const provider = scriptedProvider();
  const app = await startTestApp(t, { pushSenders: provider.senders });
  await app.givenWorkspace(yaml);
  return { app, provider };
}

/** Stores a person with these tokens. */
export async function given(app: TestApp, name: string, ...tokens: (string | { app_id: string; token: string })[]) {
  const push_tokens = tokens.map((token) => (typeof token === 'string' ? { app_id: IOS, token } : token));
  const { body } = await app.post('/users/track', { attributes: [{ external_id: name, push_tokens }] });
  assert.equal(body.message, 'success', JSON.stringify(body));
}

/** Sends to one person and waits until everything due is done. Returns the dispatch id. */
export async function send(app: TestApp, name: string, message: object = push, more: object = {}): Promise<string> {
  const messages = { apple_push: message };
  const { body } = await app.post('/messages/send', { external_user_ids: [name], messages, ...more });
  assert.equal(body.message, 'success', JSON.stringify(body));
  await app.drain();
  return body.dispatch_id;
}

/** The only recipient of a dispatch. */
export async function verdict(app: TestApp, dispatchId: string) {
  const { body } = await app.get(`/dispatches/${dispatchId}/recipients`);
  const [only] = body.recipients;
  return only;
}

/** Moves the clock to the next attempt and waits until it is made. */
export async function untilRetry(app: TestApp, dispatchId: string): Promise<void> {
  const { next_attempt_at } = await verdict(app, dispatchId);
  app.clock.advance(Math.max(0, Date.parse(next_attempt_at) - app.clock.now().getTime()));
  await app.drain();
}

export const state = async (app: TestApp, dispatchId: string) =>
  (await app.get(`/dispatches/${dispatchId}`)).body.state;

/** All stored tokens. Those that are set aside end with ` suspect`. */
export async function tokens(app: TestApp): Promise<string[]> {
  const rows = await app.db.query<{ token: string; suspect: boolean }>(sql`
    select token, suspect_since is not null as suspect from push_targets order by token`);
  return rows.map(({ token, suspect }) => (suspect ? `${token} suspect` : token));
}

/** Waits until another transaction has made `check` true. */
export async function until(check: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await check()); turns += 1) {
    assert.ok(turns < 2_000, 'it never came');
    await new Promise(setImmediate);
  }
}

export const isOpen = (app: TestApp) => async () =>
  (await app.db.one<{ count: number }>(sql`select count(*) as count from pauses`)).count === 0;

/** Sends a push to everybody. Returns the dispatch id. */
export async function broadcast(app: TestApp, message: object = push): Promise<string> {
  const { body } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY, messages: { apple_push: message } },
  });
  assert.equal(body.message, 'success', JSON.stringify(body));
  return body.dispatch_id;
}

/** Stores `count` people with one device each, whose token is their external id: `c1`, `c2`, … */
export async function crowd(app: TestApp, count: number): Promise<void> {
  await app.db.run(sql`
    with numbered as (select nextval('user_ids') as user_id, n from generate_series(1, ${count}::integer) as n)
    insert into profiles (bucket, user_id, workspace_id, external_id)
    select bucket_of(user_id), user_id, ${app.workspaceId}, 'c' || n from numbered`);
  await app.db.run(sql`
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id)
    select bucket, user_id, ${IOS}, external_id, 'ios', external_id from profiles`);
  await app.db.run(sql`
    insert into push_token_owners (app_id, token, bucket, user_id) select app_id, token, bucket, user_id from push_targets`);
}

export const counts = async (app: TestApp, id: string) => (await app.get(`/dispatches/${id}`)).body.channels.apple_push;
