import type { Db } from '../db/database.ts';
import type { PersonKey } from '../people/profile/identify.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import { explain, objectionOf } from './evaluate/explain.ts';
import { loadAudienceFacts } from './evaluate/load-facts.ts';
import { boundedMatches, TooMuchWork } from './evaluate/matches.ts';
import { needsOf } from './evaluate/needs.ts';
import type { Question } from './evaluate/question.ts';
import type { TargetingFilters } from './targeting.ts';
import { AudienceTooExpensive } from './time-limit.ts';

/**
 * Explains whether the segment and the audience describe one person: the verdict, the first filter that said no, and
 * both trees with what each filter found. null: there is no such person. Throws AudienceTooExpensive.
 */
export async function explainPerson(
  db: Db,
  {
    filters,
    person,
    workspace,
    now,
  }: { filters: TargetingFilters; person: PersonKey; workspace: WorkspaceCatalog; now: Date },
): Promise<object | null> {
  const needs = new Set([...needsOf(filters.segment, workspace), ...needsOf(filters.audience, workspace)]);
  const facts = await loadAudienceFacts(db, { workspaceId: workspace.id, people: [person], needs, now });
  const own = facts.get(person.userId);
  if (own === undefined) return null;
  try {
    return verdictOn(filters, { facts: own, context: { now, workspace }, matches: boundedMatches() });
  } catch (error) {
    throw error instanceof TooMuchWork ? new AudienceTooExpensive(error) : error;
  }
}

function verdictOn({ segment, audience, segmentMember = 'segment' }: TargetingFilters, question: Question): object {
  const ofSegment = segment && explain(segment, segmentMember, question);
  const ofAudience = audience && explain(audience, 'audience', question);
  const trees = {
    ...(ofSegment !== null && { [segmentMember]: ofSegment }),
    ...(ofAudience !== null && { audience: ofAudience }),
  };
  const objection = (ofSegment && objectionOf(ofSegment)) ?? (ofAudience && objectionOf(ofAudience));
  if (objection === null) return { targeted: true, reason: null, detail: null, ...trees };
  const reason = ofSegment?.held === false ? 'not_in_segment' : 'not_in_audience';
  return { targeted: false, reason, detail: `${objection.path}: ${objection.sentence}`, ...trees };
}
