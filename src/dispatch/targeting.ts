import { compile } from '../audience/compile.ts';
import { parseAudience } from '../audience/parse.ts';
import type { Database } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import type { PersonKey } from '../people/identify.ts';
import type { LoadedDispatch } from './loaded.ts';

/** Conditions over `profiles p`; both must hold. `true` where the request names none. */
export interface Targeting {
  inSegment: Sql;
  inAudience: Sql;
}

const everybody = sql`true`;

/** `now` is one instant for all filters of the dispatch. */
export function targetingOf({ plan, workspace }: LoadedDispatch, now: Date): Targeting {
  const segment = plan.segmentId === null ? undefined : workspace.segments.get(plan.segmentId);
  if (plan.segmentId !== null && segment === undefined) throw new Error(`segment ${plan.segmentId} is gone`);
  return {
    inSegment:
      segment === undefined || segment.filter === null
        ? everybody
        : compile(parseAudience(segment.filter, 'segment', { isSegment: true }), { now }),
    inAudience: plan.audience === null ? everybody : compile(parseAudience(plan.audience, 'audience'), { now }),
  };
}

/** Which of these people are not targeted, and by what they are refused; the others are missing. */
export async function membersAmong(
  db: Database,
  dispatch: LoadedDispatch,
  people: PersonKey[],
  now: Date,
): Promise<Map<number, 'not_in_segment' | 'not_in_audience'>> {
  if (people.length === 0 || (dispatch.plan.segmentId === null && dispatch.plan.audience === null)) return new Map();
  const { inSegment, inAudience } = targetingOf(dispatch, now);
  const rows = await db.query<{ user_id: number; in_segment: boolean | null; in_audience: boolean | null }>(sql`
    select p.user_id, (${inSegment}) as in_segment, (${inAudience}) as in_audience
      from unnest(${people.map(({ bucket }) => bucket)}::integer[], ${people.map(({ userId }) => userId)}::bigint[])
             as x(bucket, user_id)
      join profiles p on p.bucket = x.bucket and p.user_id = x.user_id
     where p.workspace_id = ${dispatch.workspace.id}`);
  const refused = rows.filter((row) => !row.in_segment || !row.in_audience);
  return new Map(refused.map((row) => [row.user_id, row.in_segment ? 'not_in_audience' : 'not_in_segment']));
}
