import { type Sql, sql } from '../db/sql.ts';

/** A page of things that an operator defines, in order of creation. */
export interface ListPage {
  includesArchived: boolean;
  /** Only things that were changed after this time. null: all. */
  editedAfter: Date | null;
  ascending: boolean;
  limit: number;
  offset: number;
}

/** Fragment: what follows the condition on the workspace. The table has created_at, updated_at, archived and id. */
export function pageOf({ includesArchived, editedAfter, ascending, limit, offset }: ListPage): Sql {
  const direction = ascending ? sql`asc` : sql`desc`;
  return sql`
       and (${includesArchived}::boolean or not archived)
       and (${editedAfter}::timestamptz is null or updated_at > ${editedAfter})
     order by created_at ${direction}, id ${direction}
     limit ${limit} offset ${offset}::bigint`;
}
