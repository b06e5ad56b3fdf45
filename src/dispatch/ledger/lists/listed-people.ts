import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import type { PersonKey } from '../../../people/profile/identify.ts';

/** A person of a list who is a recipient. */
export interface ListedPerson extends PersonKey {
  line: number;
  /** null: the person has only the properties that all have. */
  properties: RawObject | null;
}

/** Writes people of a list. Returns the user ids of those who were not in it before; the others stay as they are. */
export async function insertListed(
  tx: Db,
  dispatchId: string,
  people: readonly ListedPerson[],
): Promise<ReadonlySet<number>> {
  if (people.length === 0) return new Set();
  const properties = people.map((one) => one.properties && JSON.stringify(one.properties));
  const rows = await tx.query<{ user_id: number }>(sql`
    insert into listed_people (bucket, dispatch_id, user_id, line, properties)
    select x.bucket, ${dispatchId}, x.user_id, x.line, x.properties::json
      from unnest(${intArray(people.map(({ bucket }) => bucket))}::integer[],
                  ${intArray(people.map(({ userId }) => userId))}::bigint[],
                  ${intArray(people.map(({ line }) => line))}::integer[],
                  ${textArray(properties)}::text[]) as x(bucket, user_id, line, properties)
     order by x.bucket, x.user_id
        on conflict (bucket, dispatch_id, user_id) do nothing
    returning user_id`);
  return new Set(rows.map(({ user_id }) => user_id));
}

/** Reads the own properties of people of a dispatch, by user id. Those without any are missing. */
export async function listedProperties(
  db: Db,
  dispatchId: string,
  people: readonly PersonKey[],
): Promise<ReadonlyMap<number, RawObject>> {
  const rows = await db.query<{ user_id: number; properties: RawObject }>(sql`
    select l.user_id, l.properties
      from unnest(${intArray(people.map(({ bucket }) => bucket))}::integer[],
                  ${intArray(people.map(({ userId }) => userId))}::bigint[]) as x(bucket, user_id)
      join listed_people l on l.bucket = x.bucket and l.dispatch_id = ${dispatchId} and l.user_id = x.user_id
     where l.properties is not null`);
  return new Map(rows.map((row) => [row.user_id, row.properties]));
}
