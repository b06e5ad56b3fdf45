import type { Db } from '../../db/database.ts';
import { readEmailAddress, readPhone } from '../../people/profile/contact.ts';
import { type FoundPerson, findByAddress, findPerson } from '../../people/profile/find-person.ts';
import { readIdentifier } from '../../people/profile/identifiers.ts';

/** How somebody was found by a text that may be an id or an address. */
export type FoundBy = 'external id' | 'braze id' | 'email address' | 'phone number';

export interface Match {
  person: FoundPerson;
  by: FoundBy;
}

const BRAZE_ID = /^[0-9a-f]{24}$/i;

/** Everybody whom the text names, each once: by id first, then those who have it as an address. Throws ObjectProblem. */
export async function findPeople(db: Db, workspaceId: number, text: string): Promise<Match[]> {
  const matches: Match[] = [];
  const add = (by: FoundBy, people: readonly (FoundPerson | null)[]) => {
    for (const person of people)
      if (person !== null && !matches.some((one) => one.person.key.userId === person.key.userId))
        matches.push({ person, by });
  };
  const named = async (member: 'external_id' | 'braze_id') => {
    const identifier = readIdentifier({ [member]: text });
    return identifier === null ? null : findPerson(db, workspaceId, identifier);
  };
  add('external id', [await named('external_id')]);
  if (BRAZE_ID.test(text)) add('braze id', [await named('braze_id')]);
  const email = readEmailAddress(text);
  if (email !== null) add('email address', await findByAddress(db, { workspaceId, kind: 'email', value: email }));
  const phone = readPhone(text);
  if (phone !== null) add('phone number', await findByAddress(db, { workspaceId, kind: 'phone', value: phone }));
  return matches;
}
