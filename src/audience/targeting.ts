import { type Sql, sql } from '../db/sql.ts';
import { compile } from './compile/compile.ts';
import { type AudienceContext, hasPattern } from './context.ts';
import type { Filter } from './grammar/filter.ts';

/** Whom a request describes; null = everybody. */
export interface TargetingFilters {
  segment: Filter | null;
  audience: Filter | null;
}

/** Conditions over `profiles p`; both must hold. `true` where the request names none. */
export interface Targeting {
  inSegment: Sql;
  inAudience: Sql;
  /** The database then has a limited time for it: see time-limit.ts. */
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
