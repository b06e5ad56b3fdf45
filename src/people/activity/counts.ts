import { intArray, textArray } from '../../db/array-text.ts';
import type { Db, Transaction } from '../../db/database.ts';
import { hotStatement } from '../../db/hot-statement.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { nextShard, SUM } from './shards.ts';

/** `event` and `purchase` count by name; a purchase also without one. The others have no name. */
export type Metric = 'event' | 'purchase' | 'session' | 'new_user' | 'uninstall';

/** Something that people did, to be counted. */
export interface Happening {
  metric: Metric;
  /** The event, or the product. '': none. */
  name: string;
  /** An app of the workspace, as the catalog has it. '': none. */
  appId: string;
  at: Date;
  count: number;
  revenue: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Number of days for which hours are kept apart. */
export const HOURS_KEPT_DAYS = 31;

interface Addition {
  workspaceId: number;
  shard: number;
  rows: readonly Happening[];
}

/** Counts what happened, in the transaction that stores it. Call it last, because other transactions wait for the rows. */
export async function addCounts(tx: Db, workspaceId: number, happened: readonly Happening[]): Promise<void> {
  if (happened.length > 0) await addToHours(tx, additionOf(workspaceId, happened));
}

/** The same with the commit of the transaction, so that it costs no trip to the database. */
export function addCountsLater(tx: Transaction, workspaceId: number, happened: readonly Happening[]): void {
  if (happened.length > 0) addToHours.later(tx, additionOf(workspaceId, happened));
}

function additionOf(workspaceId: number, happened: readonly Happening[]): Addition {
  const sums = new Map<string, Happening>();
  for (const one of happened) {
    const hour = Math.floor(one.at.getTime() / HOUR_MS);
    // Names contain no NUL, so two rows never share a key.
    const key = `${one.metric}\0${hour}\0${one.appId}\0${one.name}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { ...one, at: new Date(hour * HOUR_MS) });
    else {
      sum.count += one.count;
      sum.revenue += one.revenue;
    }
  }
  // Everybody adds in the order of the keys, to avoid deadlocks.
  const keyed = [...sums.values()].map((row) => ({
    key: JSON.stringify([row.metric, row.name, row.at, row.appId]),
    row,
  }));
  const rows = keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ row }) => row);
  return { workspaceId, shard: nextShard(), rows };
}

/** Fragment: adds the numbers of a row that there is already. */
const added = sql`count = c.count + excluded.count, revenue = c.revenue + excluded.revenue`;
const texts =
  (read: (row: Happening) => string) =>
  ({ rows }: Addition) =>
    textArray(rows.map(read));

const addToHours = hotStatement<Addition, never>(
  'add_to_activity_hours',
  (param) => sql`
    insert into activity_hours as c (workspace_id, metric, name, hour, app_id, shard, count, revenue)
    select ${param(({ workspaceId }) => workspaceId)}::integer, x.metric, x.name, x.hour, x.app_id,
           ${param(({ shard }) => shard)}::smallint, x.count, x.revenue
      from unnest(${param(texts(({ metric }) => metric))}::text[], ${param(texts(({ name }) => name))}::text[],
                  ${param(texts(({ at }) => at.toISOString()))}::timestamptz[], ${param(texts(({ appId }) => appId))}::text[],
                  ${param(({ rows }) => intArray(rows.map(({ count }) => count)))}::bigint[],
                  ${param(texts(({ revenue }) => String(revenue)))}::numeric[])
             with ordinality as x(metric, name, hour, app_id, count, revenue, place)
     order by x.place
        on conflict (workspace_id, metric, name, hour, app_id, shard) do update set ${added}`,
);

/** Sums up the shards of each hour before yesterday, and the hours of days for which nobody asks by the hour. */
export async function sumUpOldHours(db: Db, now: Date): Promise<void> {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const day = sql`date_trunc('day', hour, 'UTC')`;
  await sumUp(db, sql`hour < ${before(1)} and shard <> ${SUM}`, sql`hour`);
  await sumUp(db, sql`hour < ${before(HOURS_KEPT_DAYS)} and hour <> ${day}`, day);
}

/** `which`: the rows to sum up, none of which is a sum. `hour`: the hour of the sums. */
async function sumUp(db: Db, which: Sql, hour: Sql): Promise<void> {
  await db.run(sql`
    with gone as (
      delete from activity_hours where ${which}
      returning workspace_id, metric, name, ${hour} as hour, app_id, count, revenue
    )
    insert into activity_hours as c (workspace_id, metric, name, hour, app_id, shard, count, revenue)
    select workspace_id, metric, name, hour, app_id, ${SUM}, sum(count), sum(revenue)
      from gone
     group by workspace_id, metric, name, hour, app_id
     order by workspace_id, metric, name, hour, app_id
        on conflict (workspace_id, metric, name, hour, app_id, shard) do update set ${added}`);
}

export interface CountQuestion {
  workspaceId: number;
  metric: Metric;
  name: string;
  /** null: all apps. */
  appId: string | null;
  unit: 'day' | 'hour';
  from: Date;
  /** The beginning of the last day or hour. */
  to: Date;
}

export interface Counted {
  /** The beginning of the day or hour, in milliseconds since 1970. */
  startMs: number;
  count: number;
  revenue: number;
}

/** Reads counts by day or hour in UTC. Those of nothing are absent. */
export async function readCounts(db: Db, asked: CountQuestion): Promise<Counted[]> {
  const end = new Date(asked.to.getTime() + (asked.unit === 'day' ? DAY_MS : HOUR_MS));
  return db.query<Counted & Record<string, unknown>>(sql`
    select (extract(epoch from date_trunc(${asked.unit}, hour, 'UTC')) * 1000)::bigint as "startMs",
           sum(count)::bigint as count, sum(revenue)::double precision as revenue
      from activity_hours
     where workspace_id = ${asked.workspaceId} and metric = ${asked.metric} and name = ${asked.name}
       and hour >= ${asked.from} and hour < ${end} and (${asked.appId}::text is null or app_id = ${asked.appId})
     group by 1`);
}
