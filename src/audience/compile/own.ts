import { empty, raw, type Sql, sql } from '../../db/sql.ts';
import type { AudienceContext } from '../context.ts';

/**
 * Fragment: a condition that the rows of `table` belong to the person `p`. A range of user ids is repeated for `table`,
 * because the planner does not derive the range of one table from that of another. Without it, the planner would
 * load all of `table` for every piece of an expansion.
 */
export function own(table: 't' | 's' | 'e', { userIds }: AudienceContext): Sql {
  const alias = raw(table);
  const range =
    userIds === undefined
      ? empty
      : sql` and ${alias}.user_id > ${userIds.after} and ${alias}.user_id <= ${userIds.upTo}`;
  return sql`${alias}.bucket = p.bucket and ${alias}.user_id = p.user_id${range}`;
}
