import type { AudienceContext } from '../context.ts';
import type { AudienceFacts } from './facts.ts';
import type { Matches } from './matches.ts';

/** What a filter is evaluated with. */
export interface Question {
  facts: AudienceFacts;
  context: AudienceContext;
  matches: Matches;
}

/** The result of a filter. */
export interface Answer {
  held: boolean;
  /** The value that the filter looked at, as JSON. undefined: there was none. */
  found: unknown;
  /** Why the value is not the stored one. Absent: it is. */
  because?: string;
}
