import { own, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { ListFilter } from '../../../people/consent/address-lists.ts';
import { readEmailAddress } from '../../../people/profile/contact.ts';
import { type GlobalState, globalStates } from '../../../templating/facts.ts';
import { readOneOf, readTexts } from '../../query.ts';
import { readAddresses, readListFilter, refuseCount } from '../address-lists.ts';

/** Reads the addresses of a body, in lower case. Throws RequestError. */
export function readEmails(body: RawObject): string[] {
  return readAddresses(body, ['email'], readEmail);
}

export function readEmail(value: unknown, path: string): string {
  const address = typeof value === 'string' ? readEmailAddress(value) : null;
  if (address === null) throw new ObjectProblem(`${path}: expected a valid email address`);
  return address.toLowerCase();
}

export function readSubscriptionState(body: RawObject): GlobalState {
  const value = own(body, 'subscription_state');
  const state = globalStates.find((known) => known === value);
  if (state === undefined) throw new ObjectProblem(`subscription_state: expected one of ${globalStates.join(', ')}`);
  return state;
}

/** Reads what an email list is asked for. A `+` in an address may have arrived as a blank. Throws RequestError. */
export function readEmailFilter(query: URLSearchParams): ListFilter {
  const given = readTexts(query, 'email');
  refuseCount('email', given.length);
  const emails = given.map((text) => readEmail(text.trim().replaceAll(' ', '+'), 'email'));
  return readListFilter(query, emails, 'email');
}

export function readsAscending(query: URLSearchParams): boolean {
  return readOneOf(query, 'sort_direction', ['asc', 'desc']) === 'asc';
}
