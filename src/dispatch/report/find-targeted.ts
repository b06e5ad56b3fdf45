import { estimateProfiles, withinTimeLimit } from '../../audience/time-limit.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { evaluateNames, type NamedRecipient, type Refusal } from '../expand/expand-named.ts';
import { resolveAll } from '../expand/resolve-recipients.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { targetingOf } from '../plan/targeting.ts';

export interface Targeted {
  targeted: number;
  /** The targeted people who are looked at. */
  people: NamedRecipient[];
  refusals: Refusal[];
}

/** The people that a request names. */
export async function findNamed(db: Database, dispatch: LoadedDispatch, now: Date): Promise<Targeted> {
  const found = (await resolveAll(db, [dispatch])).get(dispatch.workspace.id) ?? new Map();
  const { recipients, refusals } = await evaluateNames(db, dispatch, found, now);
  return { targeted: dispatch.plan.names.length, people: recipients, refusals };
}

/** The first `most` people that a segment and an audience describe, and how many there are. */
export async function findAudience(
  db: Database,
  dispatch: LoadedDispatch,
  { now, most }: { now: Date; most: number },
): Promise<Targeted> {
  const { inSegment, inAudience } = targetingOf(dispatch, now);
  const rows = await withinTimeLimit(db, await estimateProfiles(db), (tx) =>
    tx.query<{ bucket: number; user_id: number; total: number }>(sql`
    select p.bucket, p.user_id, count(*) over () as total
      from profiles p
     where p.workspace_id = ${dispatch.workspace.id} and (${inSegment}) and (${inAudience})
     order by p.bucket, p.user_id
     limit ${most}`),
  );
  const people = rows.map(({ bucket, user_id }) => ({ bucket, userId: user_id, position: null }));
  return { targeted: rows[0]?.total ?? 0, people, refusals: [] };
}
