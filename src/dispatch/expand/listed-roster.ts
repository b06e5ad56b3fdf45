import type { Database } from '../../db/database.ts';
import type { ListedRecipient } from '../ledger/lists/chunks.ts';
import type { ListedPerson } from '../ledger/lists/listed-people.ts';
import type { ListedRefusal } from '../ledger/lists/listed-refusals.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { type RecipientName, recipientKey } from '../plan/send-plan.ts';
import { unknownReason } from './expand-named.ts';
import { findOutsiders, type Outsider } from './outsiders.ts';
import { resolve } from './resolve-recipients.ts';

/** A person of a list, by the first of their lines. */
export interface PersonOfLine extends ListedPerson {
  name: RecipientName;
  /** Why the person is not a recipient. null: they are. */
  outsider: Outsider | null;
}

/** The people of some lines, who are refused if an earlier piece had them, and the lines refused. */
export interface ListedRoster {
  people: PersonOfLine[];
  refusals: ListedRefusal[];
}

/**
 * Evaluates names, duplicates, segment and audience of lines, as `evaluateNames` does. Of several lines with one person
 * the first counts, because it may be sent before the others are read. Throws AudienceTooExpensive.
 */
export async function evaluateLines(
  db: Database,
  dispatch: LoadedDispatch,
  lines: readonly ListedRecipient[],
  now: Date,
): Promise<ListedRoster> {
  const names = new Map(lines.map(({ name }) => [recipientKey(name), name]));
  const found = await resolve(db, dispatch.workspace.id, [...names.values()]);
  const refusals: ListedRefusal[] = [];
  const people = new Map<number, PersonOfLine>();
  for (const { line, name, properties } of lines) {
    const person = found.get(recipientKey(name));
    if (person === undefined) refusals.push(refusalOf({ line, name }, unknownReason(name)));
    else if (people.has(person.userId)) refusals.push(refusalOf({ line, name }, { reason: 'duplicate' }));
    else people.set(person.userId, { ...person, line, name, properties, outsider: null });
  }
  for (const [userId, outsider] of await findOutsiders(db, dispatch, [...people.values()], now)) {
    const person = people.get(userId);
    if (person !== undefined) Object.assign(person, { outsider, properties: null });
  }
  return { people: [...people.values()], refusals };
}

export function refusalOf(
  { line, name: { label, name, by } }: Pick<PersonOfLine, 'line' | 'name'>,
  why: Pick<ListedRefusal, 'reason' | 'detail'>,
): ListedRefusal {
  return { line, label, name, ...(by !== undefined && { by }), ...why };
}
