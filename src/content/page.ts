import { type Sql, sql } from '../db/sql.ts';

/** What of a list is asked for. `after`, `before`: the times of the last change, both included. null: any. */
export interface Page {
  after: Date | null;
  before: Date | null;
  limit: number;
  offset: number;
}

export function modifiedWithin({ after, before }: Page): Sql {
  return sql`(${after}::timestamptz is null or updated_at >= ${after})
       and (${before}::timestamptz is null or updated_at <= ${before})`;
}
