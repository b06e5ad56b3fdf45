import type { Database, Db } from '../../../db/database.ts';
import { retry } from '../../../db/retry.ts';
import { logIgnoredConfirmations } from '../../../dispatch/ledger/activity-log.ts';
import type { Clock } from '../../../lib/clock.ts';
import {
  type GroupsOfPerson,
  groupStatesOf,
  groupStatesOfAddresses,
  listGroupsOfPeople,
} from '../../../people/consent/group-reports.ts';
import { setGroupStates } from '../../../people/consent/group-states.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { consentSourceOf } from '../consent-source.ts';
import { type GivenAddress, peopleParameters, readStatusQuery, readUserStatusQuery } from './query.ts';
import { type ReadOrder, readGroup, readOrder, readOrders } from './request.ts';

export interface SubscriptionRouteDeps {
  db: Database;
  catalog: Catalog;
  clock: Clock;
}

const setBucket: RateBucket = { name: 'subscription_set', limit: 5_000, windowMs: 60_000 };

/** Whoever names people by external id locks their addresses as seen before, so writers of one person may overtake it. */
const ROUNDS = 3;

const words = { subscribed: 'Subscribed', unsubscribed: 'Unsubscribed' } as const;

/** The states of people in subscription groups. Source: adjacent-endpoints.md §3.2 to §3.5. */
export function subscriptionRoutes(deps: SubscriptionRouteDeps): Route[] {
  const { catalog } = deps;
  return [
    {
      method: 'POST',
      path: '/subscription/status/set',
      permission: 'subscription.status.set',
      bucket: () => setBucket,
      handle: (request) =>
        setStates(deps, request, [readOrder(request.body, loadedWorkspace(catalog, request.workspaceId))]),
    },
    {
      method: 'POST',
      path: '/v2/subscription/status/set',
      permission: 'subscription.status.set',
      bucket: () => setBucket,
      handle: (request) =>
        setStates(deps, request, readOrders(request.body, loadedWorkspace(catalog, request.workspaceId))),
    },
    {
      method: 'GET',
      path: '/subscription/status/get',
      permission: 'subscription.status.get',
      query: ['subscription_group_id', ...peopleParameters],
      handle: (request) => handleGet(deps, request),
    },
    {
      method: 'GET',
      path: '/subscription/user/status',
      permission: 'subscription.groups.get',
      query: [...peopleParameters, 'limit', 'offset'],
      handle: (request) => handleUserStatus(deps, request),
    },
  ];
}

async function setStates(
  { db, clock }: SubscriptionRouteDeps,
  request: RouteRequest,
  given: readonly ReadOrder[],
): Promise<Answer> {
  const { workspaceId } = request;
  const source = consentSourceOf(request);
  const orders = given.map((order) => ({ ...order, source }));
  const now = clock.now();
  const confirmations = orders.filter(({ asksToConfirm }) => asksToConfirm).length;
  const apply = async (tx: Db) => {
    if (confirmations > 0) await logIgnoredConfirmations(tx, { workspaceId, confirmations, now });
    await setGroupStates(tx, { workspaceId, orders, now });
  };
  await retry('people', () => db.transaction(apply), ROUNDS);
  return { status: 201, body: { message: 'success' } };
}

async function handleGet(
  { db, catalog }: SubscriptionRouteDeps,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  const workspace = loadedWorkspace(catalog, workspaceId);
  const group = readGroup(query.get('subscription_group_id'), 'subscription_group_id', workspace);
  const { externalIds, emails, phones } = readStatusQuery(query);
  const asked = { workspaceId, groupId: group.id };
  const byName = await groupStatesOf(db, { ...asked, names: externalIds });
  const [kind, given] = emails.length > 0 ? (['email', emails] as const) : (['phone', phones] as const);
  const byAddress = await groupStatesOfAddresses(db, { ...asked, kind, addresses: addressesOf(given) });
  const status = [
    ...externalIds.map(({ name }) => [name, byName.get(name)] as const),
    ...given.map((one) => [one.given, byAddress.get(one.address)] as const),
  ].map(([id, state]) => [id, state === undefined ? 'Unknown' : words[state]]);
  return { status: 200, body: { status: Object.fromEntries(status), message: 'success' } };
}

async function handleUserStatus(
  { db, catalog }: SubscriptionRouteDeps,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  const { externalIds, emails, phones, limit, offset } = readUserStatusQuery(query);
  const { people, total } = await listGroupsOfPeople(db, {
    ...{ workspaceId, names: externalIds, limit, offset },
    ...{ emails: addressesOf(emails), phones: addressesOf(phones) },
  });
  const workspace = loadedWorkspace(catalog, workspaceId);
  const users = people.map((person) => userOf(person, workspace));
  return { status: 200, body: { users, total_count: total, message: 'success' } };
}

/** One person in the answer, with the groups that are not archived. */
function userOf({ email, phone, externalId, states }: GroupsOfPerson, workspace: WorkspaceCatalog): object {
  const subscription_groups = states.flatMap(({ groupId, state }) => {
    const group = workspace.subscriptionGroups.get(groupId);
    if (group === undefined || group.archived) return [];
    return [{ id: group.id, name: group.name, channel: group.channel, status: words[state] }];
  });
  return { email, phone, external_id: externalId, subscription_groups };
}

function addressesOf(given: readonly GivenAddress[]): string[] {
  return given.map(({ address }) => address);
}
