import { RequestError } from '../../../errors.ts';
import { elementPath, isObject, memberPath, namesNo, own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty, readFlag } from '../../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { GroupOrder } from '../../../people/consent/group-states.ts';
import { readExternalId, readPhoneNumber } from '../../../people/profile/identifiers.ts';
import type { PersonName } from '../../../people/profile/identify.ts';
import { idKey, type SubscriptionGroup, type WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { refuseCount } from '../address-lists.ts';
import { readEmail } from '../email/request.ts';

/** The most elements of one request, so that it locks at most 2,500 addresses. */
export const MOST_ELEMENTS = 50;

export const groupStates = ['subscribed', 'unsubscribed'] as const;

type Workspace = Pick<WorkspaceCatalog, 'subscriptionGroups'>;

/** Names of the members that hold ids, and how one version of the endpoint reads a number. */
interface Version {
  externalIds: readonly string[];
  emails: readonly string[];
  phones: readonly string[];
  readPhone(value: unknown, path: string): string;
}

const first: Version = {
  ...{ externalIds: ['external_id'], emails: ['email'], phones: ['phone'] },
  readPhone: readPhoneNumber,
};
const second: Version = {
  externalIds: ['external_ids', 'external_id'],
  emails: ['emails', 'email'],
  phones: ['phones', 'phone'],
  readPhone: readE164,
};

/** Reads the body of /subscription/status/set. Throws RequestError. Source: adjacent-endpoints.md §3.2. */
export function readOrder(body: RawObject, workspace: Workspace): GroupOrder {
  return readElement(body, '', { workspace, version: first });
}

/** Reads the body of /v2/subscription/status/set, all of whose elements must be good. Source: adjacent-endpoints.md §3.3. */
export function readOrders(body: RawObject, workspace: Workspace): GroupOrder[] {
  const list = own(body, 'subscription_groups');
  if (!Array.isArray(list) || list.length === 0)
    throw new ObjectProblem('subscription_groups: expected an array of objects with at least one element');
  if (list.length > MOST_ELEMENTS)
    throw new ObjectProblem(`subscription_groups: expected at most ${MOST_ELEMENTS} elements, got ${list.length}`);
  return list.map((element, index) => {
    const path = elementPath('subscription_groups', index);
    if (!isObject(element)) throw new ObjectProblem(`${path}: expected an object`);
    const order = readElement(element, path, { workspace, version: second });
    refuseCount(path, order.externalIds.length + order.addresses.length);
    return order;
  });
}

function readElement(
  raw: RawObject,
  path: string,
  { workspace, version }: { workspace: Workspace; version: Version },
): GroupOrder {
  const group = readGroup(own(raw, 'subscription_group_id'), memberPath(path, 'subscription_group_id'), workspace);
  const state = readState(own(raw, 'subscription_state'), memberPath(path, 'subscription_state'));
  const given = (members: readonly string[]) => members.filter((member) => !isEmpty(own(raw, member)));
  if (given(version.emails).length > 0 && given(version.phones).length > 0) throw bothAddresses(path);
  const kind = group.channel === 'email' ? 'email' : 'phone';
  const [right, wrong] = kind === 'email' ? [version.emails, version.phones] : [version.phones, version.emails];
  const wanted = `${version.externalIds[0]} or ${right[0]}`;
  const [unfit] = given(wrong);
  if (unfit !== undefined)
    throw new ObjectProblem(
      `${memberPath(path, unfit)}: expected ${wanted}, because the group is for ${group.channel}`,
    );
  const externalIds = readList(raw, path, version.externalIds, readExternalId);
  const addresses = readList<string>(raw, path, right, kind === 'email' ? readEmail : version.readPhone);
  if (externalIds.length + addresses.length === 0)
    throw new ObjectProblem(`${path === '' ? '' : `${path}: `}expected ${wanted}, with at least one element`);
  const asked = readFlag(own(raw, 'use_double_opt_in_logic'));
  const asksToConfirm = kind === 'phone' && asked.ok && asked.value === true;
  return { groupId: group.id, kind, state, externalIds, addresses, asksToConfirm };
}

/** The refusal of a request that names email addresses and phone numbers. `path` may be empty. */
export function bothAddresses(path = ''): RequestError {
  return new RequestError('email_and_phone', path === '' ? [] : [`${path}: expected one of the two`]);
}

/** Reads the id of a group that is not archived. Throws RequestError. */
export function readGroup(value: unknown, path: string, workspace: Workspace): SubscriptionGroup {
  const group = typeof value === 'string' ? workspace.subscriptionGroups.get(idKey(value)) : undefined;
  if (group !== undefined && !group.archived) return group;
  const problem = group === undefined ? namesNo('a subscription group', value) : 'names an archived subscription group';
  throw new RequestError('invalid_subscription_group', [`${path}: ${problem}`]);
}

function readState(value: unknown, path: string): GroupOrder['state'] {
  const state = groupStates.find((known) => known === value);
  if (state !== undefined) return state;
  throw new ObjectProblem(`${path}: expected ${groupStates.join(' or ')}`);
}

/** Reads the ids of all these members, each a value or an array of at most 50. */
function readList<T extends string | PersonName>(
  raw: RawObject,
  path: string,
  members: readonly string[],
  read: (value: unknown, path: string) => T,
): T[] {
  return members.flatMap((member) => {
    const value = own(raw, member);
    if (isEmpty(value)) return [];
    const at = memberPath(path, member);
    if (!Array.isArray(value)) return [read(value, at)];
    refuseCount(at, value.length);
    return value.map((item, index) => read(item, elementPath(at, index)));
  });
}

function readE164(value: unknown, path: string): string {
  if (typeof value === 'string' && /^\+\d{1,15}$/.test(value.trim())) return readPhoneNumber(value, path);
  throw new ObjectProblem(`${path}: expected a phone number in E.164, such as +4366412345678`);
}
