import { textArray } from '../../db/array-text.ts';
import type { Database, Db } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';

/** A webhook that this server has to itself for a while. */
export interface LeasedWebhook {
  workspaceId: number;
  name: string;
  /** The last event of the feed that was tried. */
  place: number;
  /** Events that are to be tried again now: their places, and the attempts so far. */
  retries: { place: number; tries: number }[];
  /** Whether so many events wait to be tried again that no new ones are tried. */
  isFull: boolean;
}

/** Events that wait to be tried again before no new ones are tried. */
const MOST_RETRIES = 100;
/** Events that are tried again at once. */
const RETRIES_AT_ONCE = 20;
/** Duration of a lease, in milliseconds: longer than the attempts at a page of events. */
const LEASE_MS = 90_000;

/** Fragment: whether something new is in the feed of the webhook `d`. */
const hasNews = sql`
  exists (select from feedback_events e where e.workspace_id = d.workspace_id and e.place > d.place)`;
/** Fragment: the number of events of the webhook `d` that wait to be tried again. */
const waiting = sql`
  (select count(*) from event_retries r where r.workspace_id = d.workspace_id and r.name = d.name)`;
/** Fragment: when the next of them is due. */
const nextRetry = sql`
  (select min(r.next_at) from event_retries r where r.workspace_id = d.workspace_id and r.name = d.name)`;

/**
 * Makes what is missing for webhooks that are new. They get the events from when they were made. `workspaceId`: only for those
 * of this workspace. Default: for all.
 */
export async function beginDeliveries(db: Db, workspaceId: number | null = null): Promise<void> {
  await db.run(sql`
    insert into event_deliveries (workspace_id, name, place)
    select w.workspace_id, w.name, w.begins_after
      from event_webhooks w
     where (${workspaceId}::integer is null or w.workspace_id = ${workspaceId})
           and not exists (select from event_deliveries d where d.workspace_id = w.workspace_id and d.name = w.name)
        on conflict do nothing`);
}

/** Leases a webhook that has something to do. null: there is none. */
export async function leaseWebhook(db: Database, now: Date): Promise<LeasedWebhook | null> {
  return db.transaction(async (tx) => {
    const row = await tx.maybeOne<{ workspace_id: number; name: string; place: number; waiting: number }>(sql`
      update event_deliveries d
         set leased_until = ${new Date(now.getTime() + LEASE_MS)}
        from (select d.workspace_id, d.name
                from event_deliveries d
               where d.state = 'active' and coalesce(d.leased_until, '-infinity') <= ${now}
                 and coalesce(d.blocked_until, '-infinity') <= ${now}
                 and (${nextRetry} <= ${now} or (${waiting} < ${MOST_RETRIES} and ${hasNews}))
               order by d.workspace_id, d.name
               limit 1
                 for update of d) as due
       where d.workspace_id = due.workspace_id and d.name = due.name
      returning d.workspace_id, d.name, d.place, ${waiting} as waiting`);
    if (row === null) return null;
    const { workspace_id: workspaceId, name, place } = row;
    const retries = await tx.query<{ place: number; tries: number }>(sql`
      select place, tries
        from event_retries
       where workspace_id = ${workspaceId} and name = ${name} and next_at <= ${now}
       order by next_at, place
       limit ${RETRIES_AT_ONCE}`);
    return { workspaceId, name, place, retries, isFull: row.waiting >= MOST_RETRIES };
  });
}

/** When a webhook may next have something to do. null: not before something happens. */
export async function nextDeliveryAt(db: Db, now: Date): Promise<Date | null> {
  const { at } = await db.one<{ at: Date | null }>(sql`
    select min(greatest(d.leased_until, d.blocked_until,
                        case when ${waiting} < ${MOST_RETRIES} and ${hasNews} then ${now}::timestamptz else ${nextRetry} end)) as at
      from event_deliveries d
     where d.state = 'active' and (${nextRetry} is not null or ${hasNews})`);
  return at;
}

/** What became of the events of one round. */
export interface Delivered {
  taken: readonly number[];
  /** To be tried again at a time. */
  failed: readonly { place: number; tries: number; nextAt: Date }[];
  /** Tried as often as events are. */
  givenUp: readonly number[];
  /** The place up to which the feed was read. */
  end: number;
  /** The webhook wants no more events. */
  isGone: boolean;
  /** When it may be called again. null: at any time. */
  blockedUntil: Date | null;
  status: number | null;
  /** null: the last attempt was a success. */
  problem: string | null;
}

/** Writes what became of events, and ends the lease. An order that came meanwhile, such as a replay, counts more. */
export async function endDelivery(db: Database, leased: LeasedWebhook, done: Delivered, now: Date): Promise<void> {
  const { workspaceId, name } = leased;
  const isThis = sql`workspace_id = ${workspaceId} and name = ${name}`;
  await db.transaction(async (tx) => {
    const isOurs = await tx.run(sql`
      update event_deliveries
         set leased_until = null, place = ${done.end}, blocked_until = ${done.blockedUntil},
             state = case when state = 'active' and ${done.isGone} then 'disabled' else state end,
             failures = case when ${done.taken.length} > 0 then 0 else failures + ${done.failed.length + done.givenUp.length} end,
             given_up = given_up + ${done.givenUp.length}, last_status = coalesce(${done.status}, last_status),
             last_problem = case when ${done.taken.length + done.failed.length + done.givenUp.length} = 0 then last_problem
                                 else ${done.problem} end,
             delivered_at = case when ${done.taken.length} > 0 then ${now}::timestamptz else delivered_at end
       where ${isThis} and place = ${leased.place} and leased_until is not null`);
    if (isOurs === 0) return;
    await tx.run(sql`
      delete from event_retries where ${isThis} and place = any(${[...done.taken, ...done.givenUp]}::bigint[])`);
    if (done.failed.length === 0) return;
    await tx.run(sql`
      insert into event_retries (workspace_id, name, place, tries, next_at)
      select ${workspaceId}, ${name}, place, tries, next_at
        from unnest(${done.failed.map(({ place }) => place)}::bigint[], ${done.failed.map(({ tries }) => tries)}::smallint[],
                    ${textArray(done.failed.map(({ nextAt }) => nextAt.toISOString()))}::timestamptz[]) as x(place, tries, next_at)
          on conflict (workspace_id, name, place) do update set tries = excluded.tries, next_at = excluded.next_at`);
  });
}

/** Pauses, or resumes also a disabled webhook. False: there is no such webhook. */
export async function setDelivery(
  db: Db,
  { workspaceId, name }: { workspaceId: number; name: string },
  state: 'active' | 'paused',
): Promise<boolean> {
  await beginDeliveries(db, workspaceId);
  const resumed: Sql = state === 'active' ? sql`blocked_until = null, failures = 0,` : empty;
  const changed = await db.run(sql`
    update event_deliveries set ${resumed} state = ${state} where workspace_id = ${workspaceId} and name = ${name}`);
  return changed > 0;
}

/** Sends all events after a place again. False: there is no such webhook. */
export async function replayFrom(
  db: Database,
  { workspaceId, name }: { workspaceId: number; name: string },
  place: number,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await beginDeliveries(tx, workspaceId);
    const changed = await tx.run(sql`
      update event_deliveries
         set place = ${place}, leased_until = null, blocked_until = null
       where workspace_id = ${workspaceId} and name = ${name}`);
    await tx.run(sql`delete from event_retries where workspace_id = ${workspaceId} and name = ${name}`);
    return changed > 0;
  });
}

export interface DeliveryState extends Record<string, unknown> {
  name: string;
  state: 'active' | 'paused' | 'disabled';
  failures: number;
  given_up: number;
  last_status: number | null;
  last_problem: string | null;
  delivered_at: Date | null;
  blocked_until: Date | null;
  /** Events that wait to be tried again. */
  waiting: number;
  /** Whether it has everything that is in the feed but for these. */
  is_current: boolean;
}

/** Only reads. A webhook that is so new that nothing was begun for it is active and has nothing. */
export function listDeliveries(db: Db, workspaceId: number): Promise<DeliveryState[]> {
  return db.query<DeliveryState>(sql`
    select d.name, d.state, d.failures, d.given_up, d.last_status, d.last_problem, d.delivered_at, d.blocked_until,
           ${waiting} as waiting, not ${hasNews} as is_current
      from (select w.workspace_id, w.name, coalesce(o.state, 'active') as state, coalesce(o.place, w.begins_after) as place,
                   coalesce(o.failures, 0) as failures, coalesce(o.given_up, 0) as given_up, o.last_status, o.last_problem,
                   o.delivered_at, o.blocked_until
              from event_webhooks w
              left join event_deliveries o on o.workspace_id = w.workspace_id and o.name = w.name
             where w.workspace_id = ${workspaceId}) as d
     order by d.name`);
}

/** One sentence for each webhook of a workspace that gets no events although it should. */
export async function problemsOfDeliveries(db: Db, workspaceId: number): Promise<string[]> {
  const disabled = (await listDeliveries(db, workspaceId)).filter(({ state }) => state === 'disabled');
  return disabled.map(({ name }) => `event webhook "${name}" answered 410 and gets no events`);
}
