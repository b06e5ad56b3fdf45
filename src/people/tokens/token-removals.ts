import type { Db, Transactor } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';

/** Selects removals. A condition that is null matches all of them. */
export interface RemovalFilter {
  workspaceId: number;
  appId: string | null;
  since: Date | null;
  reason: string | null;
}

export interface Removal extends Record<string, unknown> {
  appId: string;
  token: string;
  externalId: string | null;
  reason: string;
  /** The dispatch id with dashes. */
  dispatchId: string;
  /** When the token was removed, or became suspect if it is not removed. */
  at: Date;
  state: 'suspect' | 'removed' | 'restored';
}

/** The tokens that became suspect or were removed, latest first. */
export async function listRemovals(db: Db, filter: RemovalFilter & { limit: number }): Promise<Removal[]> {
  return db.query<Removal>(sql`
    select r.app_id as "appId", r.token, p.external_id as "externalId", r.reason, r.dispatch_id as "dispatchId",
           coalesce(r.removed_at, r.suspected_at) as at,
           case when r.restored_at is not null then 'restored'
                when r.removed_at is not null then 'removed'
                else 'suspect' end as state
      from token_removals r
      left join profiles p on p.bucket = r.bucket and p.user_id = r.user_id
     where ${matchesFilter(filter)}
     order by coalesce(r.removed_at, r.suspected_at) desc, r.id desc
     limit ${filter.limit}`);
}

export interface Restored {
  restored: number;
  /** Number of tokens that have an owner by now. */
  owned: number;
  /** Number of tokens whose person is gone. */
  gone: number;
}

/** Clears suspects, and gives removed tokens back to their people unless they have an owner by now. All or none. */
export function restoreTokens(db: Transactor, filter: RemovalFilter, now: Date): Promise<Restored> {
  return db.transaction(async (tx) => {
    const { restored: cleared } = await tx.one<{ restored: number }>(sql`
      with good as (
        update token_removals r
           set restored_at = ${now}
         where ${matchesFilter(filter)} and r.restored_at is null and r.removed_at is null
        returning r.bucket, r.user_id, r.app_id, r.token
      ), cleared as (
        update push_targets t
           set suspect_since = null
          from good g
         where t.bucket = g.bucket and t.user_id = g.user_id and t.app_id = g.app_id and t.token = g.token
        returning t.token
      )
      select count(*) as restored from cleared`);
    const back = await putBack(tx, filter, now);
    return { ...back, restored: back.restored + cleared };
  });
}

async function putBack(tx: Db, filter: RemovalFilter, now: Date): Promise<Restored> {
  return tx.one<Restored & Record<string, unknown>>(sql`
    with wanted as materialized (
      select distinct on (r.app_id, device_of(r.token)) r.*
        from token_removals r
       where ${matchesFilter(filter)} and r.restored_at is null and r.removed_at is not null
       order by r.app_id, device_of(r.token), r.id desc
    ), alive as materialized (
      select w.* from wanted w join profiles p on p.bucket = w.bucket and p.user_id = w.user_id
    ), owned as (
      insert into push_token_owners (app_id, token, bucket, user_id)
      select app_id, device_of(token), bucket, user_id from alive order by 1, 2
          on conflict do nothing
      returning app_id, token
    ), given as (
      insert into push_targets (bucket, user_id, app_id, token, platform, device_id, foreground, environment,
                                registered_at, last_used_at)
      select a.bucket, a.user_id, a.app_id, a.token, a.platform, a.device_id, a.foreground, a.environment,
             a.registered_at, a.last_used_at
        from alive a
        join owned o on o.app_id = a.app_id and o.token = device_of(a.token)
          on conflict do nothing
      returning app_id, token
    ), noted as (
      update token_removals r
         set restored_at = ${now}
        from given g
       where r.app_id = g.app_id and r.token = g.token and r.restored_at is null
    )
    select (select count(*) from given) as restored,
           (select count(*) from alive) - (select count(*) from given) as owned,
           (select count(*) from wanted) - (select count(*) from alive) as gone`);
}

function matchesFilter({ workspaceId, appId, since, reason }: RemovalFilter): Sql {
  return sql`r.workspace_id = ${workspaceId}${appId === null ? empty : sql` and r.app_id = ${appId}`}${
    since === null ? empty : sql` and coalesce(r.removed_at, r.suspected_at) >= ${since}`
  }${reason === null ? empty : sql` and r.reason = ${reason}`}`;
}

/** Deletes the records of tokens removed or restored before an instant. Their dispatches are gone, too. */
export async function forgetRemovals(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from token_removals where coalesce(removed_at, restored_at) < ${before}`);
}
