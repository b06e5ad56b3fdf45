import type { PersonFacts } from '../../templating/facts.ts';

/** The facts that are loaded about the target of a send. All other facts are empty or null. */
export interface RecipientNeeds {
  custom: boolean;
  /** Facts that few templates use: gender, language, city, country, location, dates, phone number, braze id. */
  details: boolean;
  push: boolean;
  /** The states in all subscription groups. */
  groups: boolean;
  /** The only subscription group whose state is asked for, by its id. null: none, or `groups` are asked for. */
  group: string | null;
  emailFlags: boolean;
  phoneFlags: boolean;
  /** When the person last wrote to business numbers on WhatsApp. */
  lastWrote: boolean;
  /** Whether somebody else has the same address. Applies to the kinds of address whose flags are asked for. */
  sharing: boolean;
}

type Need = Exclude<keyof RecipientNeeds, 'group'>;

export const allNeeds: RecipientNeeds = {
  custom: true,
  details: true,
  push: true,
  groups: true,
  group: null,
  emailFlags: true,
  phoneFlags: true,
  lastWrote: true,
  sharing: true,
};

interface Stored {
  /** Column of `profiles`. null: the fact comes from rows of another table. */
  column: string | null;
  /** The fact is loaded with any of these needs. Empty: it always is. */
  loadedWith: readonly Need[];
}

const always = (column: string): Stored => ({ column, loadedWith: [] });
const detail = (column: string): Stored => ({ column, loadedWith: ['details'] });

/** Where each fact of a person is stored, and what loads it. */
const storedFacts: Readonly<Record<keyof PersonFacts, Stored>> = {
  externalId: always('external_id'),
  firstName: always('first_name'),
  lastName: always('last_name'),
  email: always('email'),
  timeZone: always('time_zone'),
  emailState: always('email_state'),
  brazeId: detail('created_at'),
  gender: detail('gender'),
  language: detail('language'),
  country: detail('country'),
  homeCity: detail('home_city'),
  dob: detail('dob'),
  randomBucket: detail('random_bucket'),
  longitude: detail('longitude'),
  latitude: detail('latitude'),
  lastSessionAt: detail('last_session_at'),
  // A gate that asks for the flags of the phone needs the number, too.
  phone: { column: 'phone', loadedWith: ['details', 'phoneFlags'] },
  custom: { column: 'custom', loadedWith: ['custom'] },
  customTimes: { column: 'custom_times', loadedWith: ['custom'] },
  subscriptionGroups: { column: null, loadedWith: ['groups'] },
  mostRecentlyUsedDevice: { column: null, loadedWith: ['push'] },
};

/** The columns of `profiles` that hold the facts of a person. */
export function columnsFor(needs: RecipientNeeds): string[] {
  return Object.values(storedFacts).flatMap(({ column, loadedWith }) =>
    column !== null && isLoaded(loadedWith, needs) ? [column] : [],
  );
}

/** `needs`, widened so that these facts are loaded. */
export function needsToKnow(facts: Iterable<keyof PersonFacts>, needs: RecipientNeeds): RecipientNeeds {
  const widened = { ...needs };
  for (const fact of facts) {
    const { loadedWith } = storedFacts[fact];
    const [first] = loadedWith;
    if (first !== undefined && !isLoaded(loadedWith, widened)) widened[first] = true;
  }
  return widened;
}

function isLoaded(loadedWith: readonly Need[], needs: RecipientNeeds): boolean {
  return loadedWith.length === 0 || loadedWith.some((need) => needs[need]);
}

export function eitherNeeds(one: RecipientNeeds, other: RecipientNeeds): RecipientNeeds {
  return {
    custom: one.custom || other.custom,
    details: one.details || other.details,
    push: one.push || other.push,
    ...groupsOfEither(one, other),
    emailFlags: one.emailFlags || other.emailFlags,
    phoneFlags: one.phoneFlags || other.phoneFlags,
    lastWrote: one.lastWrote || other.lastWrote,
    sharing: one.sharing || other.sharing,
  };
}

function groupsOfEither(one: RecipientNeeds, other: RecipientNeeds): Pick<RecipientNeeds, 'groups' | 'group'> {
  const asked = new Set([one.group, other.group].filter((id) => id !== null));
  const groups = one.groups || other.groups || asked.size > 1;
  const [group = null] = asked;
  return { groups, group: groups ? null : group };
}
