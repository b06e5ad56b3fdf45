import { empty, type Sql, sql } from '../../db/sql.ts';

/** Dispatches accepted at `since` or later and before `until`. null: no bound. */
export interface AcceptedWithin {
  since: Date | null;
  until: Date | null;
}

/** A dispatch gets its id before it is stored, under load some time before. Its id is not older than this, in milliseconds. */
const LONGEST_WAIT_MS = 3_600_000;

/** Fragment: the times, and with them the ids, so that only the partitions of these days are read. */
export function acceptedWithin(
  { since, until }: AcceptedWithin,
  { id, acceptedAt }: { id: Sql; acceptedAt: Sql },
): Sql {
  const earliest = since && new Date(Math.max(since.getTime() - LONGEST_WAIT_MS, 0));
  const from = since === null ? empty : sql`and ${acceptedAt} >= ${since} and ${id} >= first_dispatch_id(${earliest})`;
  if (until === null) return from;
  const latest = new Date(Math.max(until.getTime(), 0));
  return sql`${from} and ${acceptedAt} < ${until} and ${id} < first_dispatch_id(${latest})`;
}
