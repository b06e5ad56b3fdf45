import { intArray } from '../../db/array-text.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { PersonKey } from './identify.ts';

/** The people as rows `asked(bucket, user_id)`, to be joined. */
export function askedFor(people: readonly PersonKey[]): Sql {
  const buckets = intArray(people.map(({ bucket }) => bucket));
  return sql`unnest(${buckets}::integer[], ${intArray(people.map(({ userId }) => userId))}::bigint[])
           as asked(bucket, user_id)`;
}

/**
 * That a row is in one of the people's buckets. It stands beside the join with `askedFor`, which alone would make a cluster
 * ask every shard.
 */
export function inBucketsOf(people: readonly PersonKey[], bucket: Sql): Sql {
  return sql`${bucket} = any(${intArray([...new Set(people.map((one) => one.bucket))])}::integer[])`;
}
