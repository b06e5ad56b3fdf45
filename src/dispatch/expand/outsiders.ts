import { type Explanation, explain, objectionOf } from '../../audience/evaluate/explain.ts';
import { loadAudienceFacts } from '../../audience/evaluate/load-facts.ts';
import { boundedMatches, TooMuchWork } from '../../audience/evaluate/matches.ts';
import { needsOf } from '../../audience/evaluate/needs.ts';
import type { Question } from '../../audience/evaluate/question.ts';
import { compileTargeting, type TargetingFilters } from '../../audience/targeting.ts';
import { withinTimeLimit } from '../../audience/time-limit.ts';
import type { Database, Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { filtersOf } from '../plan/targeting.ts';

/** Why a person is not targeted. `detail`: the filter that refused. null: unknown. */
export interface Outsider {
  reason: 'not_in_segment' | 'not_in_audience';
  detail: string | null;
}

/** Most refusals that are explained. A request names at most fifty people. */
const MOST_EXPLAINED = 50;

/**
 * Finds the people who are not targeted, by user id, and why. Throws AudienceTooExpensive.
 * The database decides. The explanation is made from facts that are read a moment later, and decides nothing.
 */
export async function findOutsiders(
  db: Database,
  dispatch: LoadedDispatch,
  people: PersonKey[],
  now: Date,
): Promise<Map<number, Outsider>> {
  if (people.length === 0 || (dispatch.plan.segmentId === null && dispatch.plan.audience === null)) return new Map();
  const filters = filtersOf(dispatch);
  const context = { now, workspace: dispatch.workspace };
  const targeting = compileTargeting(filters, context);
  const ask = (on: Db) => on.query<MemberRow>(membersQuery(targeting, people, dispatch.workspace.id));
  const rows = targeting.hasPattern ? await withinTimeLimit(db, people.length, ask) : await ask(db);
  const outsiders = rows.filter((row) => !row.in_segment || !row.in_audience);
  if (outsiders.length === 0) return new Map();
  const explained = outsiders.slice(0, MOST_EXPLAINED).map((row) => ({ bucket: row.bucket, userId: row.user_id }));
  const needs = new Set([
    ...needsOf(filters.segment, context.workspace),
    ...needsOf(filters.audience, context.workspace),
  ]);
  const facts = await loadAudienceFacts(db, { workspaceId: dispatch.workspace.id, people: explained, needs, now });
  const matches = boundedMatches();
  return new Map(
    outsiders.map((row) => {
      const own = facts.get(row.user_id);
      const question = own === undefined ? null : { facts: own, context, matches };
      return [row.user_id, outsider(row.in_segment, filters, question)];
    }),
  );
}

/** A person, and whether the filters of a dispatch select them. */
export interface MemberRow extends Record<string, unknown> {
  bucket: number;
  user_id: number;
  in_segment: boolean;
  in_audience: boolean;
}

/** Asks which of these people the filters select. */
export function membersQuery(
  { inSegment, inAudience }: { inSegment: Sql; inAudience: Sql },
  people: readonly PersonKey[],
  workspaceId: number,
): Sql {
  return sql`
    select p.bucket, p.user_id, (${inSegment}) as in_segment, (${inAudience}) as in_audience
      from unnest(${people.map(({ bucket }) => bucket)}::integer[], ${people.map(({ userId }) => userId)}::bigint[])
             as x(bucket, user_id)
      join profiles p on p.bucket = x.bucket and p.user_id = x.user_id
     where p.workspace_id = ${workspaceId}`;
}

function outsider(isInSegment: boolean, filters: TargetingFilters, question: Question | null): Outsider {
  const reason = isInSegment ? 'not_in_audience' : 'not_in_segment';
  const filter = isInSegment ? filters.audience : filters.segment;
  if (filter === null) throw new Error('a person was refused by a filter that the dispatch does not have');
  if (question === null) return { reason, detail: null };
  return { reason, detail: detailOf(() => explain(filter, isInSegment ? 'audience' : 'segment', question)) };
}

const MOST_CHARACTERS = 500;

/** null: the patterns are too large to try here, or the person fits the filter by now. */
function detailOf(makeExplanation: () => Explanation): string | null {
  try {
    const objection = objectionOf(makeExplanation());
    return objection && `${objection.path}: ${objection.sentence}`.slice(0, MOST_CHARACTERS).toWellFormed();
  } catch (error) {
    if (error instanceof TooMuchWork) return null;
    throw error;
  }
}
