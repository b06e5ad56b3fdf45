import type { Db } from '../../db/database.ts';
import { raw, type Sql, sql } from '../../db/sql.ts';

/** Tables with a partition for each day of dispatches. The dispatches themselves are dropped last. */
export const dailyTables = [
  'sends',
  'send_feedback',
  'moved_sends',
  'provider_messages',
  'refused_people',
  'listed_people',
  'listed_refusals',
  'sandbox_messages',
  'address_claims',
  'dispatches',
] as const;
export type DailyTable = (typeof dailyTables)[number];

/**
 * The days before `firstKept` that have partitions or dispatches, as partitions name them: `20260315`. Oldest first.
 */
export async function daysBefore(db: Db, firstKept: Date): Promise<string[]> {
  const limit = firstKept.toISOString().slice(0, 10).replaceAll('-', '');
  const rows = await db.query<{ day: string }>(sql`
    select day
      from (select right(inhrelid::regclass::text, 8) as day
              from pg_inherits
             where inhparent = any(${[...dailyTables]}::regclass[]) and inhrelid::regclass::text ~ '_[0-9]{8}$'
             union
            -- Days without a partition have their rows in the default ones.
            select to_char(to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
                             at time zone 'UTC', 'YYYYMMDD')
              from dispatches_default
             where id < first_dispatch_id(${firstKept})) as days
     where day < ${limit}
     order by day`);
  return rows.map(({ day }) => day);
}

/**
 * True: all dispatches of a day are over, schedules of that day fired before `firstKept`, and none of them can be
 * replayed until this transaction ends.
 */
export async function isDayOver(tx: Db, day: string, firstKept: Date): Promise<boolean> {
  const dispatches = `dispatches_${day}`;
  const { exists } = await tx.one<{ exists: boolean }>(sql`select to_regclass(${dispatches}) is not null as exists`);
  await tx.run(sql`lock table ${raw(exists ? dispatches : 'dispatches_default')} in share mode`);
  const open = await tx.query(sql`
    select 1
      from dispatches
     where ${isOfDay(sql`id`, day)} and (open_tasks > 0 or state not in ('finished', 'cancelled', 'failed') or fired_at >= ${firstKept})
     limit 1`);
  return open.length === 0;
}

/** Drops a day from a table: the day's partition, and its rows in the default one. */
export async function dropDay(tx: Db, table: DailyTable, day: string): Promise<void> {
  await tx.run(sql`drop table if exists ${raw(`${table}_${day}`)}`);
  await tx.run(fromDefault[table](day));
}

const fromDefault: Readonly<Record<DailyTable, (day: string) => Sql>> = {
  sends: (day) => sql`delete from sends_default where ${isOfDay(sql`dispatch_id`, day)}`,
  send_feedback: (day) => sql`delete from send_feedback_default where ${isOfDay(sql`dispatch_id`, day)}`,
  moved_sends: (day) => sql`delete from moved_sends_default where ${isOfDay(sql`dispatch_id`, day)}`,
  provider_messages: (day) => sql`delete from provider_messages_default where ${isOfDay(sql`dispatch_id`, day)}`,
  refused_people: (day) => sql`delete from refused_people_default where ${isOfDay(sql`dispatch_id`, day)}`,
  listed_people: (day) => sql`delete from listed_people_default where ${isOfDay(sql`dispatch_id`, day)}`,
  listed_refusals: (day) => sql`delete from listed_refusals_default where ${isOfDay(sql`dispatch_id`, day)}`,
  sandbox_messages: (day) => sql`delete from sandbox_messages_default where ${isOfDay(sql`dispatch_id`, day)}`,
  address_claims: (day) => sql`delete from address_claims_default where ${isOfDay(sql`dispatch_id`, day)}`,
  dispatches: (day) => sql`delete from dispatches_default where ${isOfDay(sql`id`, day)}`,
};

/** Fragment: true if a dispatch id is of this day. */
export function isOfDay(id: Sql, day: string): Sql {
  const start = sql`(${day}::date)::timestamp at time zone 'UTC'`;
  const end = sql`(${day}::date + 1)::timestamp at time zone 'UTC'`;
  return sql`${id} >= first_dispatch_id(${start}) and ${id} < first_dispatch_id(${end})`;
}
