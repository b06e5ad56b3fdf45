import { empty, raw, type Sql, sql } from '../../db/sql.ts';
import type { AudienceContext } from '../context.ts';

/**
 * That the rows of `table` are of the person `p`. When the buckets are known the condition says them twice: the planner does
 * not conclude a range of one table from that of the other, and would read all of `table` for every piece of an expansion.
 * (Two buckets of 300,000 people, "has done an event", medians of one run: 59 ms without the range, 5 ms with it.)
 */
export function own(table: 't' | 's' | 'e', { buckets }: AudienceContext): Sql {
  const alias = raw(table);
  const range =
    buckets === undefined ? empty : sql` and ${alias}.bucket >= ${buckets.from} and ${alias}.bucket < ${buckets.upTo}`;
  return sql`${alias}.bucket = p.bucket and ${alias}.user_id = p.user_id${range}`;
}
