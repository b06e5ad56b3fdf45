import { compile } from '../../src/audience/compile/compile.ts';
import type { AudienceContext } from '../../src/audience/context.ts';
import { evaluate } from '../../src/audience/evaluate/evaluate.ts';
import { loadAudienceFacts } from '../../src/audience/evaluate/load-facts.ts';
import { re2Matches } from '../../src/audience/evaluate/matches.ts';
import { needsOf } from '../../src/audience/evaluate/needs.ts';
import type { Filter } from '../../src/audience/grammar/filter.ts';
import { sql } from '../../src/db/sql.ts';
import type { TestApp } from './app.ts';

/** Evaluates a filter for one person with both engines: the compiled SQL and the evaluator. */
export interface Engines {
  context(): AudienceContext;
  ask(filter: Filter, externalId: string): Promise<{ bySql: boolean; byEvaluator: boolean }>;
}

export function bothEngines(app: TestApp): Engines {
  const context = (): AudienceContext => ({ now: app.clock.now(), workspace: app.workspace() });
  return {
    context,
    async ask(filter, externalId) {
      const row = await app.db.one<{ bucket: number; user_id: number; holds: boolean }>(sql`
        select p.bucket, p.user_id, ${compile(filter, context())} as holds
          from profiles p
         where p.external_id = ${externalId}`);
      const { now, workspace } = context();
      const people = [{ bucket: row.bucket, userId: row.user_id }];
      const needs = needsOf(filter, workspace);
      const facts = await loadAudienceFacts(app.db, { workspaceId: workspace.id, people, needs, now });
      const own = facts.get(row.user_id);
      if (own === undefined) throw new Error(`no facts of ${externalId}`);
      const byEvaluator = evaluate(filter, { facts: own, context: context(), matches: re2Matches });
      return { bySql: row.holds, byEvaluator };
    },
  };
}
