import { empty, raw, type Sql, sql } from '../../db/sql.ts';
import type { AudienceContext } from '../context.ts';

/**
 * That the rows of `table` are of the person `p`. When the user ids are known the condition says them twice: the planner does
 * not conclude a range of one table from that of the other, and would keep all of `table` in mind for every piece of an
 * expansion.
 */
export function own(table: 't' | 's' | 'e', { userIds }: AudienceContext): Sql {
  const alias = raw(table);
  const range =
    userIds === undefined
      ? empty
      : sql` and ${alias}.user_id > ${userIds.after} and ${alias}.user_id <= ${userIds.upTo}`;
  return sql`${alias}.bucket = p.bucket and ${alias}.user_id = p.user_id${range}`;
}
