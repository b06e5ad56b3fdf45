import { filterOf } from '../audience/context.ts';
import { compileTargeting } from '../audience/targeting.ts';
import { estimateProfiles, withinTimeLimit } from '../audience/time-limit.ts';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type ExportForm, exportByKeys } from '../people/export/export.ts';
import type { PersonKey } from '../people/profile/identify.ts';
import type { Segment } from '../workspace/catalog.ts';

/** People of the workspace whose membership is asked at once. */
const ASKED_AT_ONCE = 5_000;
/** People who are read whole at once: each may have a megabyte of custom attributes. */
const READ_AT_ONCE = 50;

/** The JSON text of every person who is in the segment at `form.now`, by user id. Throws AudienceTooExpensive. */
export async function* peopleOf(db: Database, segment: Segment, form: ExportForm): AsyncGenerator<string> {
  for await (const keys of membersOf(db, segment, form)) {
    for (let from = 0; from < keys.length; from += READ_AT_ONCE) {
      const people = await exportByKeys(db, keys.slice(from, from + READ_AT_ONCE), form);
      for (const person of people) yield JSON.stringify(person);
    }
  }
}

async function* membersOf(
  db: Database,
  segment: Segment,
  { workspace, now }: Pick<ExportForm, 'workspace' | 'now'>,
): AsyncGenerator<PersonKey[]> {
  const { last } = await db.one<{ last: number }>(sql`
    select coalesce(max(user_id), 0) as last from profiles where workspace_id = ${workspace.id}`);
  const profiles = await estimateProfiles(db);
  for (let after = 0; after < last; ) {
    const { upTo } = await db.one<{ upTo: number }>(sql`
      select coalesce(max(user_id), ${last}::bigint) as "upTo"
        from (select user_id
                from profiles
               where workspace_id = ${workspace.id} and user_id > ${after} and user_id <= ${last}
               order by user_id
               limit ${ASKED_AT_ONCE}) as next`);
    const userIds = { after, upTo };
    const { inSegment } = compileTargeting({ segment: filterOf(segment), audience: null }, { now, workspace, userIds });
    yield await withinTimeLimit(db, profiles, (tx) =>
      tx.query<PersonKey & Record<string, unknown>>(sql`
        select p.bucket, p.user_id as "userId"
          from profiles p
         where p.workspace_id = ${workspace.id} and p.user_id > ${after} and p.user_id <= ${upTo} and (${inSegment})
         order by p.user_id`),
    );
    after = upTo;
  }
}
