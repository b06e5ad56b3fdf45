import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../profile/identify.ts';
import { type RecordedChange, recordedColumns } from './read.ts';

/** A change that is to go into the feed of events. */
export interface UntoldChange extends RecordedChange, Pick<PersonKey, 'bucket'> {
  workspaceId: number;
}

/**
 * Takes the oldest changes that are still to go into the feed, which is done with the commit. Passes over those that a merge
 * is moving.
 */
export async function takeUntold(tx: Db, limit: number): Promise<UntoldChange[]> {
  const taken = await tx.query<UntoldChange & Record<string, unknown>>(sql`
    with oldest as (
      select bucket, user_id, id, changed_at
        from consent_changes
       where is_untold
       order by id
       limit ${limit}
         for update skip locked
    )
    update consent_changes c
       set is_untold = null
      from oldest
     where c.bucket = oldest.bucket and c.user_id = oldest.user_id and c.id = oldest.id and c.changed_at = oldest.changed_at
    returning c.bucket, c.workspace_id as "workspaceId", ${recordedColumns}`);
  return taken.sort((one, other) => one.id - other.id);
}
