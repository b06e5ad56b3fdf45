import { empty, type Sql, sql } from '../../db/sql.ts';

/**
 * Fragment: writes new sends, which are pending. `rows` is a query whose columns are bucket, dispatch_id, user_id,
 * channel and updated_at, in this order, and `recipient` if people have properties of their own. So one statement selects
 * an audience and writes its sends.
 */
export function insertSends(rows: Sql, { hasOwn = false } = {}): Sql {
  return sql`insert into sends (bucket, dispatch_id, user_id, channel, updated_at${hasOwn ? sql`, recipient` : empty}) ${rows}`;
}

/** Fragment: the same for people with their own times. `rows` has two more columns at the end, due_at and scheduled_at. */
export function insertTimedSends(rows: Sql, { hasOwn = false } = {}): Sql {
  const own = hasOwn ? sql`, recipient` : empty;
  return sql`insert into sends (bucket, dispatch_id, user_id, channel, updated_at${own}, due_at, scheduled_at) ${rows}`;
}
