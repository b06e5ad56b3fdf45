import { groupStateKey } from '../consent/save-group-states.ts';
import type { ProfileColumns } from '../profile/profile-fields.ts';
import type { Remarks } from '../remarks.ts';
import type { AttributesObject, GroupChange } from './attributes.ts';
import { noHistory } from './history.ts';
import { emailKey, type Person, type Roster } from './roster.ts';

const stays = 'has unsubscribed here, and that stays';

/**
 * The columns that a history changes: a session time moves only outwards, and a state does not lift an unsubscription
 * that was made here, unless it says that it is newer.
 */
export function columnsBeside(
  { profile, history = noHistory }: AttributesObject,
  person: Person | null,
  roster: Roster,
  remarks: Remarks,
): ProfileColumns {
  const columns = { ...profile.columns };
  const known = person?.columns;
  if (isBefore(known?.first_session_at, columns.first_session_at)) delete columns.first_session_at;
  if (isBefore(columns.last_session_at, known?.last_session_at)) delete columns.last_session_at;
  if (lifts(columns.push_state, known?.push_state, history.pushStateAt, person?.pushStateChangedAt)) {
    delete columns.push_state;
    remarks.add(`push_subscribe: the person ${stays}`);
  }
  const email = columns.email ?? known?.email ?? null;
  const shared = email === null ? undefined : roster.addresses.emailStates.get(emailKey(email));
  const isLifted =
    lifts(columns.email_state, known?.email_state, history.emailStateAt, person?.emailStateChangedAt) ||
    lifts(columns.email_state, shared?.state, history.emailStateAt, shared?.changedAt);
  if (isLifted) {
    delete columns.email_state;
    remarks.add(`email_subscribe: the person, or somebody with the same address, ${stays}`);
  }
  return columns;
}

function isBefore(one: Date | null | undefined, other: Date | null | undefined): boolean {
  return one != null && other != null && one < other;
}

function lifts(
  state: string | undefined,
  known: string | undefined,
  at: Date | null,
  changedAt: Date | null | undefined,
): boolean {
  if (known !== 'unsubscribed' || state === undefined || state === known) return false;
  return at === null || changedAt == null || at <= changedAt;
}

/**
 * The groups whose state a history changes: it brings nobody back into a group who has unsubscribed from it. `left`: the
 * groups that stored people have left, as `groupStateKey`.
 */
export function groupsBeside(
  { groups }: AttributesObject,
  person: Person,
  left: ReadonlySet<string>,
  remarks: Remarks,
): readonly GroupChange[] {
  const hasLeft = ({ groupId }: GroupChange) =>
    person.groups.get(groupId) === 'unsubscribed' ||
    (person.key !== null && left.has(groupStateKey({ userId: person.key.userId, groupId })));
  return groups.filter((group) => {
    const isLifted = group.state === 'subscribed' && hasLeft(group);
    if (isLifted) remarks.add(`subscription_groups: the person ${stays}`);
    return !isLifted;
  });
}

/** Applies what a history says of the person in memory. `before`: the person as it was. null: it is new. */
export function takeHistory(person: Person, object: AttributesObject, before: Stated | null): void {
  const { history = noHistory, profile } = object;
  if (before === null && history.createdAt !== null) person.createdAt = history.createdAt;
  const { email_state, push_state } = profile.columns;
  const isNew = (state: string, stored: Date | null, known: string | undefined) => stored === null || known !== state;
  if (history.emailStateAt !== null && email_state === person.columns.email_state) {
    if (isNew(email_state, person.emailStateChangedAt, before?.email))
      person.emailStateChangedAt = history.emailStateAt;
  }
  if (history.pushStateAt !== null && push_state === person.columns.push_state) {
    if (isNew(push_state, person.pushStateChangedAt, before?.push)) person.pushStateChangedAt = history.pushStateAt;
  }
}

/** The states of a person before an object was applied. */
export interface Stated {
  email: string;
  push: string;
}

export function statedBy(person: Person | null): Stated | null {
  return person === null ? null : { email: person.columns.email_state, push: person.columns.push_state };
}
