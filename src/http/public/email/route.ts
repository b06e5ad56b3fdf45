import type { Database } from '../../../db/database.ts';
import { retry } from '../../../db/retry.ts';
import type { Clock } from '../../../lib/clock.ts';
import { blockAddresses, removeFlag } from '../../../people/consent/address-flags.ts';
import { type ListedAddress, listHardBounces, listUnsubscribes } from '../../../people/consent/address-lists.ts';
import { setAddressStates } from '../../../people/consent/email-state.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { periodParameters } from '../address-lists.ts';
import { consentSourceOf } from '../consent-source.ts';
import { readEmailFilter, readEmails, readSubscriptionState, readsAscending } from './request.ts';

export interface EmailRouteDeps {
  db: Database;
  clock: Clock;
}

const done: Answer = { status: 201, body: { message: 'success' } };

/** The states and flags of email addresses. Source: adjacent-endpoints.md §3.1 and §3.6. */
export function emailRoutes({ db, clock }: EmailRouteDeps): Route[] {
  const block = async (request: RouteRequest): Promise<Answer> => {
    const { body, workspaceId } = request;
    const source = consentSourceOf(request);
    await blockAddresses(db, { workspaceId, addresses: readEmails(body), source, now: clock.now() });
    return done;
  };
  const remove =
    (flag: 'hard_bounced' | 'marked_spam') =>
    async ({ body, workspaceId }: RouteRequest): Promise<Answer> => {
      await removeFlag(db, { workspaceId, addresses: readEmails(body), flag });
      return done;
    };
  return [
    {
      method: 'POST',
      path: '/email/status',
      permission: 'email.status',
      async handle(request) {
        const { body, workspaceId } = request;
        const asked = { emails: readEmails(body), state: readSubscriptionState(body) };
        const change = { ...asked, workspaceId, source: consentSourceOf(request), now: clock.now() };
        await retry('people', () => db.transaction((tx) => setAddressStates(tx, change)));
        return done;
      },
    },
    { method: 'POST', path: '/email/blocklist', permission: 'email.blacklist', handle: block },
    { method: 'POST', path: '/email/blacklist', permission: 'email.blacklist', handle: block },
    { method: 'POST', path: '/email/bounce/remove', permission: 'email.bounce.remove', handle: remove('hard_bounced') },
    { method: 'POST', path: '/email/spam/remove', permission: 'email.spam.remove', handle: remove('marked_spam') },
    {
      method: 'GET',
      path: '/email/hard_bounces',
      permission: 'email.hard_bounces',
      query: [...periodParameters, 'email[]'],
      async handle({ query, workspaceId }) {
        return listAnswer(await listHardBounces(db, workspaceId, readEmailFilter(query)), 'hard_bounced_at');
      },
    },
    {
      method: 'GET',
      path: '/email/unsubscribes',
      permission: 'email.unsubscribe',
      query: [...periodParameters, 'email[]', 'sort_direction'],
      async handle({ query, workspaceId }) {
        const asked = { filter: readEmailFilter(query), ascending: readsAscending(query) };
        return listAnswer(await listUnsubscribes(db, workspaceId, asked), 'unsubscribed_at');
      },
    },
  ];
}

function listAnswer(listed: readonly ListedAddress[], time: string): Answer {
  const emails = listed.map(({ address, at }) => ({ email: address, [time]: at.toISOString() }));
  return { status: 200, body: { emails, message: 'success' } };
}
