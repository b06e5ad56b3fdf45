import { intArray } from '../../db/array-text.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { PersonKey } from './identify.ts';

/** Fragment: the people as a table `asked(bucket, user_id)` to join with. */
export function askedFor(people: readonly PersonKey[]): Sql {
  const buckets = intArray(people.map(({ bucket }) => bucket));
  return sql`unnest(${buckets}::integer[], ${intArray(people.map(({ userId }) => userId))}::bigint[])
           as asked(bucket, user_id)`;
}

/**
 * Fragment: a condition that a row is in one of the people's buckets. Use it beside a join with `askedFor`, because
 * that join alone would make a cluster ask every shard.
 */
export function inBucketsOf(people: readonly PersonKey[], bucket: Sql): Sql {
  return sql`${bucket} = any(${intArray([...new Set(people.map((one) => one.bucket))])}::integer[])`;
}
