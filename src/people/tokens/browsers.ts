import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';
import type { App, WorkspaceCatalog } from '../../workspace/catalog.ts';
import { brazeId } from '../profile/braze-id.ts';
import { track } from '../track/track.ts';

export interface BrowserVisit {
  app: App;
  /** Of the subscription as it is now. */
  token: string;
  /** Of the one it replaces. */
  previous: string | null;
  /** Proven; null = whoever has the browser already, else somebody without a name. */
  externalId: string | null;
}

/**
 * Keeps the subscription of a browser, through the same functions as /users/track. Whoever knows a subscription, keys and
 * all, is the browser that has it: that is what lets it be renewed without a name. Throws RequestError.
 */
export async function registerBrowser(
  db: Database,
  { visit, workspace, now }: { visit: BrowserVisit; workspace: WorkspaceCatalog; now: Date },
): Promise<void> {
  const { app, token, previous } = visit;
  const owner = await identifierOf(db, visit);
  const attributes = [{ ...owner, push_tokens: [{ app_id: app.id, token }] }];
  const { problems } = await track(db, { body: { attributes }, workspace, now });
  if (problems.length > 0)
    throw new RequestError(
      'bad_request',
      problems.map(({ type }) => type),
    );
  await markUsed(db, { appId: app.id, token, now });
  if (previous !== null && previous !== token) await forgetBrowser(db, { appId: app.id, token: previous });
}

async function identifierOf(
  db: Db,
  { app, token, previous, externalId }: BrowserVisit,
): Promise<Record<string, unknown>> {
  if (externalId !== null) return { external_id: externalId };
  const owner = (await ownerOf(db, app.id, token)) ?? (previous === null ? null : await ownerOf(db, app.id, previous));
  return owner === null ? { push_token_import: true } : { braze_id: owner };
}

async function ownerOf(db: Db, appId: string, token: string): Promise<string | null> {
  const [row] = await db.query<{ created_at: Date; bucket: number; user_id: number }>(sql`
    select p.created_at, p.bucket, p.user_id
      from push_token_owners o
      join profiles p on p.bucket = o.bucket and p.user_id = o.user_id
     where o.app_id = ${appId} and o.token = ${token}`);
  return row === undefined ? null : brazeId(row.created_at, row.bucket, row.user_id);
}

/** A browser that visits is a device in use. */
async function markUsed(db: Db, { appId, token, now }: { appId: string; token: string; now: Date }): Promise<void> {
  await db.run(sql`
    update push_targets t
       set last_used_at = ${now}
      from push_token_owners o
     where o.app_id = ${appId} and o.token = ${token}
       and t.bucket = o.bucket and t.user_id = o.user_id and t.app_id = o.app_id and t.token = o.token`);
}

/** Its subscription ended, or was replaced. */
export async function forgetBrowser(db: Db, { appId, token }: { appId: string; token: string }): Promise<void> {
  await db.run(sql`
    with owned as (
      delete from push_token_owners where app_id = ${appId} and token = ${token} returning app_id, token, bucket, user_id
    )
    delete from push_targets t
     using owned o
     where t.bucket = o.bucket and t.user_id = o.user_id and t.app_id = o.app_id and t.token = o.token`);
}
