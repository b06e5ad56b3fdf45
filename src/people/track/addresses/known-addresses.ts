import type { GlobalState } from '../../../templating/facts.ts';
import type { Address } from '../../consent/deleted-addresses.ts';
import type { AddressGroups } from './address-groups.ts';

export interface EmailState {
  state: GlobalState;
  /** When it was set. null: never, it is the first one. */
  changedAt: Date | null;
}

/** What is known of the addresses that a request may give to people. */
export interface KnownAddresses {
  /** The state of each email address that somebody has, or that waits for somebody, by `emailKey`. */
  emailStates: Map<string, EmailState>;
  /** The email addresses whose state waits for the next person who gets them, as `emailKey`. */
  waiting: ReadonlySet<string>;
  /** Addresses whose last owner was deleted. Their flags come back when somebody gets them. */
  remembered: readonly Address[];
  /** The group states of the addresses. */
  groups: AddressGroups;
}
