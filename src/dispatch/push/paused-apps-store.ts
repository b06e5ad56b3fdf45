import { hash } from 'node:crypto';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { announceTasks } from '../../queue/new-tasks.ts';
import { hurryTasks } from '../../queue/task-ends.ts';
import type { App } from '../../workspace/catalog.ts';
import { endWaits, listLive, noteWait } from '../ledger/dispatches.ts';
import { releaseHeld } from '../ledger/stopped-sends.ts';

/** An app whose queue is paused, in all processes. */
export interface PausedApp {
  appId: string;
  workspaceId: number;
  /**
   * `guard`: so many tokens were called bad that our settings are likely wrong, so none of these answers is believed.
   */
  cause: 'config_error' | 'guard';
  reason: string;
  /** The digest of the settings that were refused. */
  settings: string;
  since: Date;
  /** When the next probe, a single call, may be made. */
  probeAt: Date;
}

/** Age of a dispatch at which all its sends have expired, in milliseconds. */
const OLDEST_LIVE_MS = 35 * 86_400_000;

/** The notification channel for changes of paused apps. */
export const PAUSED_APPS_CHANNEL = 'paused_apps';

export function settingsDigest({ provider }: App): string {
  return hash('sha256', JSON.stringify(provider ?? null), 'hex').slice(0, 32);
}

export async function listPausedApps(db: Db): Promise<PausedApp[]> {
  return db.query<PausedApp & Record<string, unknown>>(sql`
    select app_id as "appId", workspace_id as "workspaceId", cause, reason, encode(settings, 'hex') as settings, since,
           probe_at as "probeAt"
      from paused_apps`);
}

/** Pauses an app in all processes. An app that is paused stays as it is. True: it was open. */
export async function pauseApp(db: Db, { appId, workspaceId, cause, reason, ...rest }: PausedApp): Promise<boolean> {
  const rows = await db.query(sql`
    with closed as (
      insert into paused_apps (app_id, workspace_id, cause, reason, settings, since, probe_at)
      values (${appId}, ${workspaceId}, ${cause}, ${reason}, decode(${rest.settings}, 'hex'), ${rest.since},
              ${rest.probeAt})
          on conflict (app_id) do nothing
      returning app_id
    )
    select pg_notify(${PAUSED_APPS_CHANNEL}, app_id) from closed`);
  return rows.length > 0;
}

/** True for a single process, which may make one call. The next probe may be made at `next`. */
export async function claimProbe(db: Db, appId: string, now: Date, next: Date): Promise<boolean> {
  const claimed = await db.run(sql`
    update paused_apps set probe_at = ${next} where app_id = ${appId} and probe_at <= ${now}`);
  return claimed > 0;
}

/**
 * Opens a paused app and makes everything due that waited for it. `settings`: opens it only if it was paused over the
 * settings with this digest. null: over any settings. True: it was paused.
 */
export async function resumeApp(tx: Db, appId: string, settings: string | null, now: Date): Promise<boolean> {
  const rows = await tx.query<{ workspace_id: number }>(sql`
    delete from paused_apps
     where app_id = ${appId} and (${settings}::text is null or encode(settings, 'hex') = ${settings})
    returning workspace_id`);
  const [closed] = rows;
  if (closed === undefined) return false;
  const { workspace_id: workspaceId } = closed;
  const dispatchIds = await listLive(tx, workspaceId, new Date(now.getTime() - OLDEST_LIVE_MS));
  await releaseHeld(tx, { dispatchIds, appId, now });
  await endWaits(tx, workspaceId, appId);
  await hurryTasks(tx, workspaceId, now);
  await announceTasks(tx, null);
  await tx.run(sql`select pg_notify(${PAUSED_APPS_CHANNEL}, '')`);
  return true;
}

/** Stores in a dispatch why it waits. */
export async function explainWait(db: Db, dispatchId: string, appId: string, reason: string): Promise<void> {
  const failure = `app ${appId}: its provider does not accept our settings (${reason}); what waits goes out once it does`;
  await noteWait(db, dispatchId, { appId, failure });
}
