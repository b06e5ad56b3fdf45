import { compileTargeting } from '../../audience/targeting.ts';
import { estimateProfiles, refusingExpensive, withinTimeLimit } from '../../audience/time-limit.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { filtersOf } from '../plan/targeting.ts';

/**
 * Refuses a broadcast that is for more people than `atMost`, as of now. People who join the audience afterwards, before the
 * broadcast is expanded, get it all the same.
 */
export async function checkAtMost(
  db: Database,
  of: Pick<LoadedDispatch, 'plan' | 'workspace'>,
  { atMost, now }: { atMost: number; now: Date },
): Promise<void> {
  const targeted = await refusingExpensive(() => countTargeted(db, of, now));
  if (targeted > atMost)
    throw new RequestError('bad_request', [`cresset.at_most: expected at most ${atMost} people, and ${targeted} fit`]);
}

async function countTargeted(
  db: Database,
  { plan, workspace }: Pick<LoadedDispatch, 'plan' | 'workspace'>,
  now: Date,
): Promise<number> {
  const { inSegment, inAudience } = compileTargeting(filtersOf({ plan, workspace }), { now, workspace });
  const { people } = await withinTimeLimit(db, await estimateProfiles(db), (tx) =>
    tx.one<{ people: number }>(sql`
      select count(*) as people
        from profiles p
       where p.workspace_id = ${workspace.id} and (${inSegment}) and (${inAudience})`),
  );
  return people;
}
