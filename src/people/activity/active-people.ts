import { intArray, textArray } from '../../db/array-text.ts';
import type { Db, Transaction } from '../../db/database.ts';
import { hotStatement } from '../../db/hot-statement.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { RecentKeys } from '../../lib/recent-keys.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { PersonKey } from '../profile/identify.ts';
import { type ActiveDays, addActiveDays, type DayChange, dayNumber, LATE_DAYS } from './active-days.ts';
import { nextShard, SUM } from './shards.ts';

/** Somebody did something. */
export interface Activeness {
  key: PersonKey;
  at: Date;
}

/** Bytes of the people of a workspace whom a process remembers as counted, so that it need not ask the database each time. */
const MOST_BYTES = 4_194_304;
/** A number and its place in a set, which has up to half of its places free. */
const ENTRY_BYTES = 64;
/** The people and days of which a process has seen a committed row, by the snapshot of their workspace. */
const seen = new WeakMap<WorkspaceCatalog, RecentKeys<number>>();

function countedOf(workspace: WorkspaceCatalog): RecentKeys<number> {
  const known = seen.get(workspace) ?? new RecentKeys(MOST_BYTES / ENTRY_BYTES / 2);
  seen.set(workspace, known);
  return known;
}

/**
 * Counts people as active on the days on which they did something, once a day. Of two transactions that count one person,
 * the second waits for the first. Those of days longer ago than 30 days are not counted. Call it last, because other
 * transactions wait for the rows.
 */
export async function countActivePeople(
  tx: Transaction,
  { workspace, did, now }: { workspace: WorkspaceCatalog; did: readonly Activeness[]; now: Date },
): Promise<void> {
  const counted = countedOf(workspace);
  const people = uncounted(did, counted, dayNumber(now));
  if (people.length === 0) return;
  const changes = new Map<number, DayChange>();
  const firstDays = people.map(({ key, days }) => ({ key, days: addActiveDays(null, days, new Map()) }));
  const [made, stored] = await Promise.all([insertNew(tx, firstDays), lockStored(tx, firstDays)]);
  const isMade = new Set(made.map(({ user_id }) => user_id));
  const known = new Map(stored.map((row) => [row.user_id, { lastDay: row.last_day, bits: BigInt(row.days) }]));
  const changed = people.flatMap(({ key, days }) => {
    const before = isMade.has(key.userId) ? null : (known.get(key.userId) ?? null);
    const fresh = [...days].filter((day) => before === null || !isIn(before, day));
    for (const day of days.difference(new Set(fresh))) counted.add(cacheKey(key, day));
    if (fresh.length === 0) return [];
    const after = addActiveDays(before, fresh, changes);
    if (before === null || after === null) return [];
    return after.bits === before.bits && after.lastDay === before.lastDay ? [] : [{ key, days: after }];
  });
  if (changed.length > 0) updateStored.later(tx, changed);
  if (changes.size > 0) addToDays.later(tx, { workspaceId: workspace.id, shard: nextShard(), changes });
}

interface Person {
  key: PersonKey;
  days: Set<number>;
}

/** The people and days that this process does not know to be counted, in the order of their keys. */
function uncounted(did: readonly Activeness[], counted: RecentKeys<number>, today: number): Person[] {
  const people = new Map<number, Person>();
  for (const { key, at } of did) {
    const day = Math.min(dayNumber(at), today);
    if (day < today - LATE_DAYS || counted.has(cacheKey(key, day))) continue;
    const person = people.get(key.userId) ?? { key, days: new Set() };
    person.days.add(day);
    people.set(key.userId, person);
  }
  return [...people.values()].sort(
    (one, other) => one.key.bucket - other.key.bucket || one.key.userId - other.key.userId,
  );
}

/** Exact up to 10^11 people, and until the year 2149. */
function cacheKey({ userId }: PersonKey, day: number): number {
  return userId * 65_536 + day;
}

function isIn({ lastDay, bits }: ActiveDays, day: number): boolean {
  return day <= lastDay && ((bits >> BigInt(lastDay - day)) & 1n) === 1n;
}

interface PersonDays {
  key: PersonKey;
  days: ActiveDays | null;
}

const keyArrays = (rows: readonly PersonDays[]) => ({
  buckets: intArray(rows.map(({ key }) => key.bucket)),
  userIds: intArray(rows.map(({ key }) => key.userId)),
});
const lastDays = (rows: readonly PersonDays[]) => intArray(rows.map(({ days }) => days?.lastDay ?? 0));
const bits = (rows: readonly PersonDays[]) => textArray(rows.map(({ days }) => String(days?.bits ?? 0)));

/** People who are gone are left out. */
const insertNew = hotStatement<readonly PersonDays[], { user_id: number }>(
  'insert_active_people',
  (param) => sql`
    insert into active_people (bucket, user_id, last_day, days)
    select x.bucket, x.user_id, x.last_day, x.days
      from unnest(${param((rows) => keyArrays(rows).buckets)}::integer[], ${param((rows) => keyArrays(rows).userIds)}::bigint[],
                  ${param(lastDays)}::integer[], ${param(bits)}::bigint[]) as x(bucket, user_id, last_day, days)
     where exists (select from profiles p where p.bucket = x.bucket and p.user_id = x.user_id)
     order by x.bucket, x.user_id
        on conflict do nothing
    returning user_id`,
);

const lockStored = hotStatement<readonly PersonDays[], { user_id: number; last_day: number; days: string }>(
  'lock_active_people',
  (param) => sql`
    select p.user_id, p.last_day, p.days::text as days
      from unnest(${param((rows) => keyArrays(rows).buckets)}::integer[], ${param((rows) => keyArrays(rows).userIds)}::bigint[]) as asked(bucket, user_id)
     cross join lateral (
           select user_id, last_day, days from active_people
            where bucket = asked.bucket and user_id = asked.user_id
              for update) as p`,
);

const updateStored = hotStatement<readonly PersonDays[], never>(
  'update_active_people',
  (param) => sql`
    update active_people p
       set last_day = x.last_day, days = x.days
      from unnest(${param((rows) => keyArrays(rows).buckets)}::integer[], ${param((rows) => keyArrays(rows).userIds)}::bigint[],
                  ${param(lastDays)}::integer[], ${param(bits)}::bigint[]) as x(bucket, user_id, last_day, days)
     where p.bucket = x.bucket and p.user_id = x.user_id`,
);

interface DayAddition {
  workspaceId: number;
  shard: number;
  changes: ReadonlyMap<number, DayChange>;
}

/** Everybody adds in the order of the days, to avoid deadlocks. */
const sorted = ({ changes }: DayAddition) => [...changes].sort(([one], [other]) => one - other);
const added = sql`people = d.people + excluded.people, month_change = d.month_change + excluded.month_change`;

const addToDays = hotStatement<DayAddition, never>(
  'add_to_active_days',
  (param) => sql`
    insert into active_days as d (workspace_id, day, shard, people, month_change)
    select ${param(({ workspaceId }) => workspaceId)}::integer, x.day, ${param(({ shard }) => shard)}::smallint, x.people, x.month
      from unnest(${param((given) => intArray(sorted(given).map(([day]) => day)))}::integer[],
                  ${param((given) => intArray(sorted(given).map(([, { people }]) => people)))}::bigint[],
                  ${param((given) => intArray(sorted(given).map(([, { month }]) => month)))}::bigint[])
             as x(day, people, month)
     order by x.day
        on conflict (workspace_id, day, shard) do update set ${added}`,
);

/** Sums up the shards of the days before yesterday. */
export async function sumUpActiveDays(db: Db, now: Date): Promise<void> {
  await db.run(sql`
    with gone as (
      delete from active_days where day < ${dayNumber(now) - 1} and shard <> ${SUM}
      returning workspace_id, day, people, month_change
    )
    insert into active_days as d (workspace_id, day, shard, people, month_change)
    select workspace_id, day, ${SUM}, sum(people), sum(month_change)
      from gone
     group by workspace_id, day
     order by workspace_id, day
        on conflict (workspace_id, day, shard) do update set ${added}`);
}

/** Makes the days of two people those of one. Both are locked. What was counted of them stays counted. */
export async function mergeActiveDays(tx: Db, merged: PersonKey, kept: PersonKey): Promise<void> {
  const of = ({ bucket, userId }: PersonKey): Sql => sql`bucket = ${bucket} and user_id = ${userId}`;
  await tx.run(sql`
    insert into active_people as p (bucket, user_id, last_day, days)
    select ${kept.bucket}, ${kept.userId}, last_day, days from active_people where ${of(merged)}
        on conflict (bucket, user_id) do update
       set last_day = greatest(p.last_day, excluded.last_day),
           days = ${shifted(sql`p`)} | ${shifted(sql`excluded`)}`);
}

/** Fragment: the days of a row, counted from the later of two last days. Days that are out of reach are dropped. */
function shifted(row: Sql): Sql {
  const later = sql`greatest(p.last_day, excluded.last_day)`;
  return sql`(case when ${later} - ${row}.last_day > 59 then 0
                   else (${row}.days << (${later} - ${row}.last_day)) & ${'1152921504606846975'}::bigint end)`;
}

/** How many people were active: on a day, and in the 30 days that end with it. */
export interface ActiveCount {
  /** The beginning of the day, in milliseconds since 1970. */
  startMs: number;
  day: number;
  month: number;
}

/** Reads both numbers of each day from `from` to `to`. */
export async function readActivePeople(
  db: Db,
  { workspaceId, from, to }: { workspaceId: number; from: Date; to: Date },
): Promise<ActiveCount[]> {
  const [first, last] = [dayNumber(from), dayNumber(to)];
  const rows = await db.query<{ day: number; people: number; month_change: number }>(sql`
    select greatest(day, ${first - 1}) as day, sum(people)::bigint as people, sum(month_change)::bigint as month_change
      from active_days
     where workspace_id = ${workspaceId} and day <= ${last}
     group by 1
     order by 1`);
  const byDay = new Map(rows.map((row) => [row.day, row]));
  let month = byDay.get(first - 1)?.month_change ?? 0;
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const row = byDay.get(first + index);
    month += row?.month_change ?? 0;
    return { startMs: (first + index) * 86_400_000, day: row?.people ?? 0, month };
  });
}
