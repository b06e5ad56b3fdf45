import { type Sql, sql } from '../db/sql.ts';
import { compile } from './compile/compile.ts';
import { type AudienceContext, hasPattern } from './context.ts';
import type { Filter } from './grammar/filter.ts';

/** The filters of a request. null: everybody. */
export interface TargetingFilters {
  segment: Filter | null;
  audience: Filter | null;
  /** The member of the request that holds the segment's filter, and with which its paths begin. Default: `segment`. */
  segmentMember?: 'segment' | 'filter';
}

/** Conditions over `profiles p`. Both must hold. A filter that the request does not have becomes `true`. */
export interface Targeting {
  inSegment: Sql;
  inAudience: Sql;
  /** Whether a pattern is tested. If so, the time of the query is limited (time-limit.ts). */
  hasPattern: boolean;
}

export function compileTargeting({ segment, audience }: TargetingFilters, context: AudienceContext): Targeting {
  const { workspace } = context;
  return {
    inSegment: segment === null ? sql`true` : compile(segment, context),
    inAudience: audience === null ? sql`true` : compile(audience, context),
    hasPattern: hasPattern(segment, workspace) || hasPattern(audience, workspace),
  };
}
