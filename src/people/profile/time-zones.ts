import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** A range of people of a workspace, by user id. */
export interface PeopleRange {
  workspaceId: number;
  /** The user id before the first one. */
  after: number;
  /** The last user id. */
  upTo: number;
}

/** The time zones that people of this range have. */
export async function timeZonesOf(db: Db, { workspaceId, after, upTo }: PeopleRange): Promise<string[]> {
  const rows = await db.query<{ time_zone: string }>(sql`
    select distinct time_zone
      from profiles
     where workspace_id = ${workspaceId} and user_id > ${after} and user_id <= ${upTo} and time_zone is not null`);
  return rows.map(({ time_zone }) => time_zone);
}
