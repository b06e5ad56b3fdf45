import type { AudienceContext } from '../context.ts';
import type { AudienceFacts } from './facts.ts';
import type { Matches } from './matches.ts';

/** What a filter is asked of, and how. */
export interface Question {
  facts: AudienceFacts;
  context: AudienceContext;
  matches: Matches;
}

/** What a filter found and what that means. `found` is JSON; undefined = nothing was there. */
export interface Answer {
  held: boolean;
  found: unknown;
}
