import { Outdated } from '../../db/retry.ts';
import type { Json } from '../../lib/json.ts';
import { ObjectProblem } from '../../lib/problems.ts';
import type { GlobalState } from '../../templating/facts.ts';
import { type CustomAttributes, changeCustom } from '../profile/custom-values.ts';
import type { Identifier } from '../profile/identifiers.ts';
import { nameKey, type PersonKey, type PersonName } from '../profile/identify.ts';
import type { ProfileColumns } from '../profile/profile-fields.ts';
import type { GroupChange, TokenChange } from './attributes.ts';

/** A person while a request is applied: loaded and locked, or about to be made. */
export interface Person {
  /** Null for a new person whom no name has given one yet. */
  key: PersonKey | null;
  /** What they are known by, if this request makes them. */
  name: PersonName | null;
  /** Stored: a row exists. New: one is to be made. Possible: their name is held, but no object has made them. */
  stage: 'stored' | 'new' | 'possible';
  isChanged: boolean;
  updatedAt: Date;
  createdAt: Date;
  externalId: string | null;
  columns: Required<ProfileColumns>;
  emailStateChangedAt: Date | null;
  pushStateChangedAt: Date | null;
  custom: CustomAttributes;
  extras: Map<string, Json>;
  /** To be stored, by `tokenKey`. */
  tokens: Map<string, TokenChange>;
  dropsTokens: boolean;
  groups: Map<string, GroupChange['state']>;
}

export function newPerson(name: PersonName | null, key: PersonKey | null, now: Date): Person {
  return {
    key,
    name,
    stage: 'possible',
    isChanged: false,
    updatedAt: now,
    createdAt: now,
    externalId: name?.label === '' ? name.name : null,
    columns: {
      first_name: null,
      last_name: null,
      email: null,
      email_state: 'subscribed',
      push_state: 'subscribed',
      phone: null,
      country: null,
      language: null,
      gender: null,
      home_city: null,
      time_zone: null,
      dob: null,
      longitude: null,
      latitude: null,
      first_session_at: null,
      last_session_at: null,
    },
    emailStateChangedAt: null,
    pushStateChangedAt: null,
    custom: { values: new Map(), times: new Map() },
    extras: new Map(),
    tokens: new Map(),
    dropsTokens: false,
    groups: new Map(),
  };
}

export function tokenKey({ appId, token }: { appId: string; token: string }): string {
  return `${appId}\u0000${token}`;
}

/** Addresses compare without regard to letter case. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}

/** The people a request is about, in memory, so that its objects can be applied in order. */
export class Roster {
  readonly people: Person[] = [];
  /** State of an address as far as anybody has it, or it was uploaded beforehand. */
  readonly addressStates: Map<string, GlobalState>;
  /** Tokens that somebody has. */
  readonly knownTokens: Set<string>;
  /** Addresses all of whose holders are locked. */
  readonly lockedEmails: ReadonlySet<string>;
  /** Holders of such addresses who are not in memory, by `emailKey`. */
  readonly others: ReadonlyMap<string, readonly PersonKey[]>;
  /** What the request does to all who share an address. */
  readonly sharedStates = new Map<string, GlobalState>();
  readonly sharedGroups = new Map<string, Map<string, GroupChange['state']>>();
  /** By `emailKey`: when it was marked as spam; null takes the mark away. */
  readonly spamMarks = new Map<string, Date | null>();
  /** Who has which address, by `emailKey`. */
  readonly #byEmail = new Map<string, Set<Person>>();
  readonly #tokenOwners = new Map<string, Person>();
  readonly #byName = new Map<string, Person>();
  readonly #byUserId = new Map<number, Person>();
  readonly now: Date;

  constructor(
    now: Date,
    known: {
      addressStates: Map<string, GlobalState>;
      tokens: Set<string>;
      lockedEmails: ReadonlySet<string>;
      others: ReadonlyMap<string, readonly PersonKey[]>;
    },
  ) {
    this.now = now;
    this.addressStates = known.addressStates;
    this.knownTokens = known.tokens;
    this.lockedEmails = known.lockedEmails;
    this.others = known.others;
  }

  add(person: Person, names: readonly PersonName[] = []): void {
    this.people.push(person);
    this.#hold(person, person.columns.email);
    if (person.key !== null) this.#byUserId.set(person.key.userId, person);
    for (const { label, name } of names) this.#byName.set(nameKey(label, name), person);
  }

  /** Links a name with a person already here. */
  enter({ label, name }: PersonName, key: PersonKey): void {
    const person = this.#byUserId.get(key.userId);
    if (person === undefined) throw new Outdated('a person was deleted');
    this.#byName.set(nameKey(label, name), person);
  }

  /** The person meant, if there is one by now. */
  find(identifier: Identifier): Person | null {
    if (identifier.kind === 'name')
      return existing(this.#byName.get(nameKey(identifier.name.label, identifier.name.name)));
    if (identifier.kind === 'braze_id') return this.#findByBrazeId(identifier.id);
    const [first] = this.people
      .filter((person) => person.stage !== 'possible' && hasAddress(person, identifier))
      .reverse()
      .sort(byPreference);
    return first ?? null;
  }

  #findByBrazeId(id: (PersonKey & { createdAtS: number }) | null): Person | null {
    const person = id === null ? null : existing(this.#byUserId.get(id.userId));
    const isSame =
      person?.key?.bucket === id?.bucket && Math.floor((person?.createdAt.getTime() ?? 0) / 1000) === id?.createdAtS;
    return isSame ? person : null;
  }

  /** Makes the person an identifier asks for. */
  create(identifier: Identifier | null): Person {
    const person = this.#possible(identifier);
    person.stage = 'new';
    if (identifier?.kind === 'email') this.#giveEmail(person, identifier.email);
    if (identifier?.kind === 'phone') person.columns.phone = identifier.phone;
    return person;
  }

  #possible(identifier: Identifier | null): Person {
    if (identifier?.kind === 'name') {
      const held = this.#byName.get(nameKey(identifier.name.label, identifier.name.name));
      if (held === undefined) throw new Outdated('a name was not held');
      return held;
    }
    const person = newPerson(null, null, this.now);
    this.people.push(person);
    return person;
  }

  /** The custom attributes after a change, checked but not stored yet. Throws ObjectProblem. */
  static customAfter(person: Person | null, changes: Parameters<typeof changeCustom>[1]): CustomAttributes {
    const before = person?.custom ?? { values: new Map(), times: new Map() };
    if (changes.size === 0) return before;
    const after = changeCustom(before, changes);
    if (JSON.stringify([...after.values]).length > maxCustomLength) {
      throw new ObjectProblem('custom attributes: expected at most 1 MB for one person');
    }
    return after;
  }

  /** Moves the person to the front of those most recently updated. */
  touch(person: Person): void {
    person.isChanged = true;
    person.updatedAt = this.now;
    this.people.splice(this.people.indexOf(person), 1);
    this.people.push(person);
  }

  changeColumns(person: Person, columns: ProfileColumns): void {
    const { email, email_state, push_state, ...others } = columns;
    if (email !== undefined) this.#giveEmail(person, email);
    if (email_state !== undefined) this.#setEmailState(person, email_state);
    if (push_state !== undefined && push_state !== person.columns.push_state) {
      person.columns.push_state = push_state;
      person.pushStateChangedAt = this.now;
    }
    Object.assign(person.columns, others);
  }

  /** Who gets the address of somebody else takes over its state; a new address keeps the person's. */
  #giveEmail(person: Person, email: string | null): void {
    const key = email === null ? null : emailKey(email);
    const isSame = key !== null && person.columns.email !== null && emailKey(person.columns.email) === key;
    if (person.columns.email !== null) this.#byEmail.get(emailKey(person.columns.email))?.delete(person);
    person.columns.email = email;
    this.#hold(person, email);
    if (key === null || isSame) return;
    const inherited = this.addressStates.get(key);
    if (inherited === undefined) this.addressStates.set(key, person.columns.email_state);
    else this.#changeState(person, inherited);
  }

  #hold(person: Person, email: string | null): void {
    if (email === null) return;
    const holders = this.#byEmail.get(emailKey(email)) ?? new Set();
    this.#byEmail.set(emailKey(email), holders.add(person));
  }

  #setEmailState(person: Person, state: GlobalState): void {
    this.#changeState(person, state);
    const key = person.columns.email === null ? null : emailKey(person.columns.email);
    if (key === null) return;
    if (!this.lockedEmails.has(key)) throw new Outdated('the address of a person changed');
    this.addressStates.set(key, state);
    this.sharedStates.set(key, state);
    for (const other of this.#holders(key)) this.#changeState(other, state);
  }

  #holders(key: string): readonly Person[] {
    return [...(this.#byEmail.get(key) ?? [])];
  }

  #changeState(person: Person, state: GlobalState): void {
    if (person.columns.email_state === state) return;
    person.columns.email_state = state;
    person.emailStateChangedAt = this.now;
    person.isChanged = true;
  }

  /** `isShared`: also for all who have the same email address. */
  setGroup(person: Person, { groupId, state }: GroupChange, isShared: boolean): void {
    person.groups.set(groupId, state);
    const key = person.columns.email === null ? null : emailKey(person.columns.email);
    if (!isShared || key === null) return;
    if (!this.lockedEmails.has(key)) throw new Outdated('the address of a person changed');
    const groups = this.sharedGroups.get(key) ?? new Map<string, GroupChange['state']>();
    this.sharedGroups.set(key, groups.set(groupId, state));
    for (const other of this.#holders(key)) other.groups.set(groupId, state);
  }

  /** A token has one owner: the last to whom the request gives it. */
  giveToken(person: Person, token: TokenChange): void {
    const key = tokenKey(token);
    this.#tokenOwners.get(key)?.tokens.delete(key);
    this.#tokenOwners.set(key, person);
    person.tokens.set(key, token);
    this.knownTokens.add(key);
  }

  dropTokens(person: Person): void {
    person.tokens.clear();
    person.dropsTokens = true;
  }
}

/** Characters of JSON of all custom attributes of one person. */
const maxCustomLength = 1024 * 1024;

function existing(person: Person | undefined): Person | null {
  return person === undefined || person.stage === 'possible' ? null : person;
}

function hasAddress({ columns }: Person, identifier: Extract<Identifier, { kind: 'email' | 'phone' }>): boolean {
  if (identifier.kind === 'phone') return columns.phone === identifier.phone;
  return columns.email !== null && emailKey(columns.email) === emailKey(identifier.email);
}

/** Those with an external id first, then by date of update; later in the roster = touched later. */
function byPreference(one: Person, other: Person): number {
  const named = Number(other.externalId !== null) - Number(one.externalId !== null);
  return named || other.updatedAt.getTime() - one.updatedAt.getTime();
}
