import type { Outcome } from '../outcome.ts';

/** What a harmless call to a provider found. */
export interface AccountCheck extends Answered {
  /** What was asked, without secrets, such as `GET https://graph.facebook.com/v23.0/1055`. */
  asked: string;
}

export interface Answered {
  state: AccountState;
  /** The provider's or the network's own words, at most 500 characters and without secrets. null: none were needed. */
  said: string | null;
}

/**
 * `good`: the provider accepts our credentials. `no_token`: it gives no access token for them. `refused`: it refuses what was
 * asked with them. `unwell`: it is in trouble itself, or has too much to do. `unreachable`: nobody answered.
 */
export type AccountState = 'good' | 'no_token' | 'refused' | 'unwell' | 'unreachable';

export const good: Answered = { state: 'good', said: null };

/** What an answer other than a success says of the account, by what it would mean for a message. */
export function stateOf({ kind }: Pick<Outcome, 'kind'>): 'refused' | 'unwell' {
  return kind === 'retry' ? 'unwell' : 'refused';
}
