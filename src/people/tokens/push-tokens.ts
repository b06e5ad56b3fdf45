import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { addCounts, type Happening } from '../activity/counts.ts';
import { deviceOf } from '../device.ts';

/** A token as a send read it. */
export interface SentToken {
  workspaceId: number;
  appId: string;
  bucket: number;
  userId: number;
  token: string;
  /** The registration that the attempt read. A token registered again later is left alone. */
  registeredAt: Date;
  dispatchId: string;
}

/** A provider's report that a token is bad. */
export interface Complaint extends SentToken {
  reason: string;
}

/** A report that may be our fault. `settings`: digest of the app's settings with which the call was made. */
export interface Doubt extends Complaint {
  settings: string;
}

/**
 * Removes dead tokens, and keeps records to restore them from. Records an uninstall for each person who has no token of
 * the app left.
 */
export async function removeTokens(tx: Db, complaints: readonly Complaint[], now: Date): Promise<void> {
  if (complaints.length === 0) return;
  await lockOwners(tx, complaints);
  const gone = await tx.query<GoneTokens>(sql`
    with dead as materialized (
      select distinct on (app_id, token) * from ${complaintRows(complaints)} order by app_id, token
    ), gone as (
      delete from push_targets t
       using dead x
       where t.bucket = x.bucket and t.user_id = x.user_id and t.app_id = x.app_id and t.token = x.token
         and date_trunc('milliseconds', t.registered_at) <= x.registered_at
      returning t.*, x.workspace_id, x.reason, x.dispatch_id
    ), orphaned as (
      delete from push_token_owners o
       using gone g
       where o.app_id = g.app_id and o.token = device_of(g.token) and o.bucket = g.bucket and o.user_id = g.user_id
    ), known as (
      update token_removals r
         set removed_at = ${now}
        from gone g
       where r.app_id = g.app_id and r.token = g.token and r.suspected_at is not null and r.removed_at is null
         and r.restored_at is null
    ), recorded as (
      insert into token_removals (workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground,
                                  environment, registered_at, last_used_at, reason, dispatch_id, removed_at)
      select workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground, environment, registered_at,
             last_used_at, reason, dispatch_id, ${now}
        from gone
       where suspect_since is null
    ), noted as (${noteUninstalls(now)}
    )
    select workspace_id, app_id, count(*) as count from gone group by workspace_id, app_id`);
  await countUninstalls(tx, gone, now);
}

/** Tokens of an app that were removed because they are dead. */
interface GoneTokens extends Record<string, unknown> {
  workspace_id: number;
  app_id: string;
  count: number;
}

async function countUninstalls(tx: Db, gone: readonly GoneTokens[], at: Date): Promise<void> {
  for (const [workspaceId, rows] of Map.groupBy(gone, ({ workspace_id }) => workspace_id)) {
    const uninstalled = rows.map(({ app_id, count }): Happening => {
      return { metric: 'uninstall', name: '', appId: app_id, at, count, revenue: 0 };
    });
    await addCounts(tx, workspaceId, uninstalled);
  }
}

/** Marks tokens as suspect: sends skip them until they are cleared or removed. Returns how many it marked. */
export async function suspectTokens(tx: Db, doubts: readonly Doubt[], now: Date): Promise<number> {
  if (doubts.length === 0) return 0;
  return tx.run(sql`
    with doubted as (
      update push_targets t
         set suspect_since = ${now}
        from ${complaintRows(doubts)}
       where t.bucket = x.bucket and t.user_id = x.user_id and t.app_id = x.app_id and t.token = x.token
         and date_trunc('milliseconds', t.registered_at) <= x.registered_at and t.suspect_since is null
      returning t.*, x.workspace_id, x.reason, x.dispatch_id, x.settings
    )
    insert into token_removals (workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground,
                                environment, registered_at, last_used_at, reason, dispatch_id, suspected_at, settings)
    select workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground, environment, registered_at,
           last_used_at, reason, dispatch_id, ${now}, settings
      from doubted`);
}

/** Clears the suspect tokens of an app: sends use them again. Returns how many it cleared. */
export async function clearSuspects(tx: Db, appId: string, now: Date): Promise<number> {
  await tx.run(sql`
    update token_removals
       set restored_at = ${now}
     where app_id = ${appId} and suspected_at is not null and removed_at is null and restored_at is null`);
  return tx.run(sql`
    update push_targets set suspect_since = null where app_id = ${appId} and suspect_since is not null`);
}

interface OldSuspect extends Record<string, unknown> {
  app_id: string;
  token: string;
  bucket: number;
  user_id: number;
}

/**
 * Ends the suspicion of tokens that became suspect at or before `before`, except those of `spared` apps. A token is
 * removed if the settings under which it was doubted are `proven`, else it is cleared and the next message tries it.
 * Returns how many it removed and cleared.
 */
export async function judgeOldSuspects(
  tx: Db,
  {
    before,
    spared,
    proven,
    now,
  }: { before: Date; spared: readonly string[]; proven: readonly { appId: string; settings: string }[]; now: Date },
): Promise<{ removed: number; cleared: number }> {
  const due = await tx.query<OldSuspect>(sql`
    select app_id, token, bucket, user_id
      from push_targets
     where suspect_since <= ${before}
       and app_id <> all(${spared}::text[])
     order by app_id, token
     limit 10000`);
  if (due.length === 0) return { removed: 0, cleared: 0 };
  await lockOwners(
    tx,
    due.map(({ app_id, token }) => ({ appId: app_id, token })),
  );
  const doubted = await settingsOfDoubts(tx, due);
  const good = new Set(proven.map(({ appId, settings }) => `${appId} ${settings}`));
  const isProven = ({ app_id, token }: OldSuspect) => good.has(`${app_id} ${doubted.get(`${app_id} ${token}`)}`);
  const removed = await removeSuspects(tx, due.filter(isProven), { before, now });
  const cleared = await clearTokens(
    tx,
    due.filter((one) => !isProven(one)),
    { before, now },
  );
  return { removed, cleared };
}

/** The settings under which suspect tokens were doubted, by app id and token. */
async function settingsOfDoubts(tx: Db, suspects: readonly OldSuspect[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ app_id: string; token: string; settings: string }>(sql`
    select r.app_id, r.token, r.settings
      from token_removals r
      join unnest(${suspects.map(({ app_id }) => app_id)}::text[], ${suspects.map(({ token }) => token)}::text[])
             as x(app_id, token) on r.app_id = x.app_id and r.token = x.token
     where r.suspected_at is not null and r.removed_at is null and r.restored_at is null
     order by r.id`);
  return new Map(rows.map(({ app_id, token, settings }) => [`${app_id} ${token}`, settings]));
}

function suspectRows(suspects: readonly OldSuspect[]): Sql {
  return sql`json_to_recordset(${JSON.stringify(suspects)}::json)
               as x(app_id text, token text, bucket integer, user_id bigint)`;
}

async function clearTokens(
  tx: Db,
  suspects: readonly OldSuspect[],
  { before, now }: { before: Date; now: Date },
): Promise<number> {
  if (suspects.length === 0) return 0;
  const { cleared } = await tx.one<{ cleared: number }>(sql`
    with good as (
      update push_targets t
         set suspect_since = null
        from ${suspectRows(suspects)}
       where t.bucket = x.bucket and t.user_id = x.user_id and t.app_id = x.app_id and t.token = x.token
         and t.suspect_since <= ${before}
      returning t.app_id, t.token
    ), recorded as (
      update token_removals r
         set restored_at = ${now}
        from good g
       where r.app_id = g.app_id and r.token = g.token and r.suspected_at is not null and r.removed_at is null
         and r.restored_at is null
    )
    select count(*) as cleared from good`);
  return cleared;
}

async function removeSuspects(
  tx: Db,
  suspects: readonly OldSuspect[],
  { before, now }: { before: Date; now: Date },
): Promise<number> {
  if (suspects.length === 0) return 0;
  const gone = await tx.query<GoneTokens>(sql`
    with gone as (
      delete from push_targets t
       using ${suspectRows(suspects)}
       where t.bucket = x.bucket and t.user_id = x.user_id and t.app_id = x.app_id and t.token = x.token
         and t.suspect_since <= ${before}
      returning t.*
    ), orphaned as (
      delete from push_token_owners o
       using gone g
       where o.app_id = g.app_id and o.token = device_of(g.token) and o.bucket = g.bucket and o.user_id = g.user_id
    ), recorded as (
      update token_removals r
         set removed_at = ${now}
        from gone g
       where r.app_id = g.app_id and r.token = g.token and r.suspected_at is not null and r.removed_at is null
         and r.restored_at is null
    ), uninstalled as (
      ${noteUninstalls(now)}
    )
    select a.workspace_id, g.app_id, count(*) as count
      from gone g
      join apps a on a.id = g.app_id
     group by a.workspace_id, g.app_id`);
  await countUninstalls(tx, gone, now);
  return gone.reduce((sum, { count }) => sum + count, 0);
}

/** Replaces tokens with the provider's new ones. If a new token has an owner by now, the old one is only removed. */
export async function replaceTokens(tx: Db, replaced: readonly (SentToken & { newToken: string })[]): Promise<void> {
  if (replaced.length === 0) return;
  await lockOwners(tx, [...replaced, ...replaced.map((one) => ({ ...one, token: one.newToken }))]);
  const given = sql`json_to_recordset(${JSON.stringify(
    replaced.map((one) => ({ ...rowOf(one), new_token: one.newToken })),
  )}::json)
        as x(app_id text, token text, bucket integer, user_id bigint, registered_at timestamptz, new_token text)`;
  await tx.run(sql`
    with gone as (
      delete from push_targets t
       using ${given}
       where t.bucket = x.bucket and t.user_id = x.user_id and t.app_id = x.app_id and t.token = x.token
         and date_trunc('milliseconds', t.registered_at) <= x.registered_at
      returning t.*, x.new_token
    ), orphaned as (
      delete from push_token_owners o
       using gone g
       where o.app_id = g.app_id and o.token = device_of(g.token) and o.bucket = g.bucket and o.user_id = g.user_id
    ), owned as (
      insert into push_token_owners (app_id, token, bucket, user_id)
      select app_id, device_of(new_token), bucket, user_id from gone order by 1, 2
          on conflict do nothing
      returning app_id, token
    )
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id, foreground, registered_at,
                              last_used_at, environment)
    select g.bucket, g.user_id, g.app_id, g.new_token, g.platform, g.device_id, g.foreground, g.registered_at,
           g.last_used_at, g.environment
      from gone g
      join owned o on o.app_id = g.app_id and o.token = device_of(g.new_token)
        on conflict do nothing`);
}

/** Stores which of Apple's hosts knows a token. */
export async function keepEnvironments(
  tx: Db,
  found: readonly (SentToken & { environment: 'production' | 'development' })[],
): Promise<void> {
  if (found.length === 0) return;
  const given = JSON.stringify(found.map((one) => ({ ...rowOf(one), environment: one.environment })));
  await tx.run(sql`
    update push_targets t
       set environment = x.environment
      from json_to_recordset(${given}::json)
             as x(app_id text, token text, bucket integer, user_id bigint, environment text)
     where t.bucket = x.bucket and t.user_id = x.user_id and t.app_id = x.app_id and t.token = x.token
       and t.environment is distinct from x.environment`);
}

/** Locks the owners of the tokens. Every writer of tokens locks them first, in this order, to avoid deadlocks. */
async function lockOwners(tx: Db, tokens: readonly { appId: string; token: string }[]): Promise<void> {
  await tx.run(sql`
    select 1
      from push_token_owners o
      join unnest(${tokens.map(({ appId }) => appId)}::text[], ${tokens.map(({ token }) => deviceOf(token))}::text[])
             as x(app_id, token) on o.app_id = x.app_id and o.token = x.token
     order by o.app_id, o.token
       for update of o`);
}

/** Fragment: records an uninstall for people in `gone` who have no token of the app left. Sees deleted rows. */
function noteUninstalls(now: Date): Sql {
  return sql`
    insert into app_uninstalls (bucket, user_id, app_id, at)
    select distinct g.bucket, g.user_id, g.app_id, ${now}::timestamptz
      from gone g
     where not exists (select from push_targets t
                        where t.bucket = g.bucket and t.user_id = g.user_id and t.app_id = g.app_id
                          and not exists (select from gone d where d.bucket = t.bucket and d.user_id = t.user_id
                                             and d.app_id = t.app_id and d.token = t.token))
        on conflict (bucket, user_id, app_id) do update set at = excluded.at`;
}

function complaintRows(complaints: readonly (Complaint & { settings?: string })[]): Sql {
  const given = complaints.map((one) => ({
    ...rowOf(one),
    workspace_id: one.workspaceId,
    reason: one.reason,
    dispatch_id: one.dispatchId,
    settings: one.settings ?? null,
  }));
  return sql`json_to_recordset(${JSON.stringify(given)}::json)
        as x(workspace_id integer, app_id text, token text, bucket integer, user_id bigint, registered_at timestamptz,
             reason text, dispatch_id uuid, settings text)`;
}

function rowOf({ appId, token, bucket, userId, registeredAt }: SentToken) {
  return { app_id: appId, token, bucket, user_id: userId, registered_at: registeredAt };
}
