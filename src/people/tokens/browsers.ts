import type { Database, Db, Transactor } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';
import type { App, WorkspaceCatalog } from '../../workspace/catalog.ts';
import { deviceOf } from '../device.ts';
import { brazeId } from '../profile/braze-id.ts';
import type { PersonKey } from '../profile/identify.ts';
import { sentenceOf } from '../remarks.ts';
import { track } from '../track/track.ts';
import { createWriter } from '../track/writer.ts';

export interface BrowserVisit {
  app: App;
  /** The token of the current subscription. */
  token: string;
  /** The token of the subscription that it replaces. null: it replaces none. */
  previous: string | null;
  /** The person's external id, as proven. null: the browser's present owner, else a new anonymous person. */
  externalId: string | null;
}

/**
 * Stores the subscription of a browser through the same functions as /users/track. A caller who knows a subscription
 * with its keys is the browser that has it, so it may renew the subscription without a name. Throws RequestError.
 */
export async function registerBrowser(
  db: Database,
  { visit, workspace, now }: { visit: BrowserVisit; workspace: WorkspaceCatalog; now: Date },
): Promise<void> {
  const { app, token, previous } = visit;
  const owner = await identifierOf(db, visit);
  const attributes = [{ ...owner, push_tokens: [{ app_id: app.id, token }] }];
  const { problems } = await track(createWriter({ db, now: () => now }), {
    body: { attributes },
    workspace,
    source: { door: 'browser' },
    now,
    sizeBytes: 0,
  });
  if (problems.length > 0) throw new RequestError('bad_request', problems.map(sentenceOf));
  await markUsed(db, { appId: app.id, token }, now);
  if (previous !== null && deviceOf(previous) !== deviceOf(token))
    await forgetBrowser(db, { appId: app.id, token: previous });
}

async function identifierOf(
  db: Db,
  { app, token, previous, externalId }: BrowserVisit,
): Promise<Record<string, unknown>> {
  if (externalId !== null) return { external_id: externalId };
  const owner =
    (await ownerOf(db, { appId: app.id, token })) ??
    (previous === null ? null : await ownerOf(db, { appId: app.id, token: previous }));
  return owner === null ? { push_token_import: true } : { braze_id: owner };
}

/**
 * The braze id of the person who has this subscription. null: nobody has it. Whoever knows only the endpoint and not the
 * keys is not the browser.
 */
async function ownerOf(db: Db, { appId, token }: Subscription): Promise<string | null> {
  const key = await keyOf(db, { appId, token });
  if (key === null) return null;
  const profile = await db.maybeOne<{ created_at: Date }>(sql`
    select created_at
      from profiles
     where bucket = ${key.bucket} and user_id = ${key.userId}
       and exists (select from push_targets where ${targetOf({ appId, token }, key)})`);
  return profile && brazeId(profile.created_at, key.bucket, key.userId);
}

interface Subscription {
  appId: string;
  token: string;
}

async function keyOf(db: Db, { appId, token }: Subscription): Promise<PersonKey | null> {
  const owner = await db.maybeOne<{ bucket: number; user_id: number }>(sql`
    select bucket, user_id from push_token_owners where app_id = ${appId} and token = ${deviceOf(token)}`);
  return owner && { bucket: owner.bucket, userId: owner.user_id };
}

function targetOf({ appId, token }: Subscription, { bucket, userId }: PersonKey): Sql {
  return sql`bucket = ${bucket} and user_id = ${userId} and app_id = ${appId} and token = ${token}`;
}

/** A browser that visits the site is a device in use. */
async function markUsed(db: Db, subscription: Subscription, now: Date): Promise<void> {
  const owner = await keyOf(db, subscription);
  if (owner === null) return;
  await db.run(sql`update push_targets set last_used_at = ${now} where ${targetOf(subscription, owner)}`);
}

/** Deletes a subscription that ended or was replaced, unless the browser has other keys by now. */
export async function forgetBrowser(db: Transactor, { appId, token }: Subscription): Promise<void> {
  await db.transaction(async (tx) => {
    const owner = await tx.maybeOne<{ bucket: number; user_id: number }>(sql`
      select bucket, user_id from push_token_owners where app_id = ${appId} and token = ${deviceOf(token)} for update`);
    if (owner === null) return;
    const key = { bucket: owner.bucket, userId: owner.user_id };
    const deleted = await tx.run(sql`delete from push_targets where ${targetOf({ appId, token }, key)}`);
    if (deleted > 0)
      await tx.run(sql`delete from push_token_owners where app_id = ${appId} and token = ${deviceOf(token)}`);
  });
}
