import { Outdated } from '../../db/retry.ts';
import { emptyMap, withEntry, withoutEntry } from '../../lib/lazy-map.ts';
import type { Json } from '../../lib/raw/json.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { Address } from '../consent/deleted-addresses.ts';
import type { ConsentSource } from '../consent/record/source.ts';
import { deviceOf } from '../device.ts';
import { type CustomAttributes, changeCustom, noCustomAttributes } from '../profile/custom-values.ts';
import type { Identifier } from '../profile/identifiers.ts';
import { nameKey, type PersonKey, type PersonName } from '../profile/identify.ts';
import type { ProfileColumns } from '../profile/profile-fields.ts';
import type { Remarks } from '../remarks.ts';
import type { KnownAddresses } from './addresses/known-addresses.ts';
import type { GroupChange, TokenChange } from './attributes.ts';
import { newSessions } from './sessions.ts';

/** A person while a request is applied: one who is loaded and locked, or one who may be made. */
export interface Person {
  /** null: a new person without a name; saving gives the person a key. */
  key: PersonKey | null;
  /** The name under which this request makes the person. null: it does not, or the person has no name. */
  name: PersonName | null;
  /** stored: a row exists. new: a row will be inserted. possible: the name is reserved, but nobody is made yet. */
  stage: 'stored' | 'new' | 'possible';
  isChanged: boolean;
  /** Whether all columns were read. Otherwise nobody may change the profile. */
  isWhole: boolean;
  /** Its place in the roster: who was changed later has a higher one. */
  position: number;
  updatedAt: Date;
  createdAt: Date;
  externalId: string | null;
  columns: Required<ProfileColumns>;
  emailStateChangedAt: Date | null;
  pushStateChangedAt: Date | null;
  custom: CustomAttributes;
  extras: ReadonlyMap<string, Json>;
  /** The new sessions of which the request tells: when each began. */
  sessions: Date[];
  /** The tokens to store, by `tokenKey`. */
  tokens: ReadonlyMap<string, TokenChange>;
  dropsTokens: boolean;
  groups: ReadonlyMap<string, GroupChange['state']>;
  /** Who set each of `groups`. */
  groupSources: ReadonlyMap<string, ConsentSource>;
  /** The changes of the global states, in order. */
  consents: StateChange[];
}

/** A change of a global state. */
export interface StateChange {
  subject: 'email' | 'push';
  previous: GlobalState;
  state: GlobalState;
  source: ConsentSource;
}

export function newPerson(name: PersonName | null, key: PersonKey | null, now: Date): Person {
  return {
    key,
    name,
    stage: 'possible',
    isChanged: false,
    isWhole: true,
    position: 0,
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
    custom: noCustomAttributes,
    extras: emptyMap(),
    sessions: [],
    tokens: emptyMap(),
    dropsTokens: false,
    groups: emptyMap(),
    groupSources: emptyMap(),
    consents: [],
  };
}

/** A key for maps of devices: two tokens of one device are the same. */
export function tokenKey({ appId, token }: { appId: string; token: string }): string {
  return `${appId}\u0000${deviceOf(token)}`;
}

/** A key for maps of email addresses, whose letter case does not count. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}

/** The people of a request, in memory, so that its objects can be applied in order. */
export class Roster {
  readonly #people: Person[] = [];
  #positions = 0;
  /** What is known of the addresses that the request may give to people. */
  readonly addresses: KnownAddresses;
  /** The addresses that people got. Email addresses are `emailKey`s. */
  readonly given: Record<Address['kind'], Set<string>> = { email: new Set(), phone: new Set() };
  /** The tokens that somebody has, as `tokenKey`. */
  readonly knownTokens: Set<string>;
  /** The addresses whose holders are all locked, as `emailKey`. */
  readonly lockedEmails: ReadonlySet<string>;
  /** The holders of locked addresses who are not in memory, by `emailKey`. */
  readonly others: ReadonlyMap<string, readonly PersonKey[]>;
  /** The new email state of everybody who has an address, by `emailKey`. */
  readonly sharedStates = new Map<string, { state: GlobalState; source: ConsentSource }>();
  /** The new group states of everybody who has an address, by `emailKey`. */
  readonly sharedGroups = new Map<string, Map<string, GroupChange['state']>>();
  /** Who set the states of `sharedGroups`, the last one for each address. */
  readonly sharedSources = new Map<string, ConsentSource>();
  /** Who changes consent, and how, with the objects that are applied now. */
  source: ConsentSource = { door: 'api' };
  /** When an address was reported for spam, by `emailKey`. null removes the mark. */
  readonly spamMarks = new Map<string, Date | null>();
  /** The people in memory who have an address, by `emailKey`. */
  readonly #byEmail = new Map<string, Person[]>();
  /** The people in memory who have a phone number. */
  readonly #byPhone = new Map<string, Person[]>();
  readonly #tokenOwners = new Map<string, Person>();
  readonly #byName = new Map<string, Person>();
  readonly #byUserId = new Map<number, Person>();
  readonly now: Date;

  constructor(
    now: Date,
    known: {
      addresses: KnownAddresses;
      tokens: Set<string>;
      lockedEmails: ReadonlySet<string>;
      others: ReadonlyMap<string, readonly PersonKey[]>;
    },
  ) {
    this.now = now;
    this.addresses = known.addresses;
    this.knownTokens = known.tokens;
    this.lockedEmails = known.lockedEmails;
    this.others = known.others;
  }

  /** Everybody, those who were changed last at the end. */
  get people(): Person[] {
    return this.#people.toSorted((one, other) => one.position - other.position);
  }

  add(person: Person, names: readonly PersonName[] = []): void {
    this.#place(person);
    hold(this.#byEmail, emailOf(person), person);
    hold(this.#byPhone, person.columns.phone, person);
    if (person.key !== null) this.#byUserId.set(person.key.userId, person);
    for (const { label, name } of names) this.#byName.set(nameKey(label, name), person);
  }

  /** Links a name with a person in the roster. Throws Outdated. */
  link({ label, name }: PersonName, key: PersonKey): void {
    const person = this.#byUserId.get(key.userId);
    if (person === undefined) throw new Outdated('a person was deleted');
    this.#byName.set(nameKey(label, name), person);
  }

  /** The person whom the identifier names. null: nobody yet. */
  find(identifier: Identifier): Person | null {
    if (identifier.kind === 'name')
      return existing(this.#byName.get(nameKey(identifier.name.label, identifier.name.name)));
    if (identifier.kind === 'braze_id') return this.#findByBrazeId(identifier.id);
    const holders =
      identifier.kind === 'email' ? this.#byEmail.get(emailKey(identifier.email)) : this.#byPhone.get(identifier.phone);
    const [first] = [...(holders ?? [])].filter(({ stage }) => stage !== 'possible').sort(byPreference);
    return first ?? null;
  }

  #findByBrazeId(id: (PersonKey & { createdAtS: number }) | null): Person | null {
    const person = id === null ? null : existing(this.#byUserId.get(id.userId));
    const isSame =
      person?.key?.bucket === id?.bucket && Math.floor((person?.createdAt.getTime() ?? 0) / 1000) === id?.createdAtS;
    return isSame ? person : null;
  }

  /** Makes the person whom the identifier names. */
  create(identifier: Identifier | null): Person {
    const person = this.#possible(identifier);
    person.stage = 'new';
    if (identifier?.kind === 'email') this.#giveEmail(person, identifier.email);
    if (identifier?.kind === 'phone') this.#givePhone(person, identifier.phone);
    return person;
  }

  #possible(identifier: Identifier | null): Person {
    if (identifier?.kind === 'name') {
      const reserved = this.#byName.get(nameKey(identifier.name.label, identifier.name.name));
      if (reserved === undefined) throw new Outdated('a name was not reserved');
      return reserved;
    }
    const person = newPerson(null, null, this.now);
    this.#place(person);
    return person;
  }

  /** The person's custom attributes after the changes that fit. The person is not changed. */
  static customAfter(
    person: Person | null,
    changes: Parameters<typeof changeCustom>[1],
    remarks: Remarks,
  ): CustomAttributes {
    const before = person?.custom ?? noCustomAttributes;
    if (changes.size === 0) return before;
    const after = changeCustom(before, changes, remarks);
    const text = JSON.stringify(Object.fromEntries(after.values));
    if (text.length > maxCustomLength) {
      remarks.add('custom attributes: expected at most 1 MB for one person');
      return before;
    }
    return { ...after, text };
  }

  /** Makes the person the one updated last. */
  touch(person: Person): void {
    person.isChanged = true;
    person.updatedAt = this.now;
    this.#positions += 1;
    person.position = this.#positions;
  }

  #place(person: Person): void {
    this.#people.push(person);
    this.#positions += 1;
    person.position = this.#positions;
  }

  changeColumns(person: Person, columns: ProfileColumns): void {
    const { email, phone, email_state, push_state, ...others } = columns;
    if (email !== undefined) this.#giveEmail(person, email);
    if (phone !== undefined) this.#givePhone(person, phone);
    if (email_state !== undefined) this.#setEmailState(person, email_state);
    if (push_state !== undefined && push_state !== person.columns.push_state) {
      this.#noteChange(person, 'push', push_state);
      person.columns.push_state = push_state;
      person.pushStateChangedAt = this.now;
    }
    person.sessions.push(...newSessions(person.columns, others));
    Object.assign(person.columns, others);
  }

  /** The person gets the states of an address that somebody has. A new address gets the state of the person. */
  #giveEmail(person: Person, email: string | null): void {
    const key = email === null ? null : emailKey(email);
    const isSame = key !== null && person.columns.email !== null && emailKey(person.columns.email) === key;
    release(this.#byEmail, emailOf(person), person);
    person.columns.email = email;
    hold(this.#byEmail, key, person);
    if (key === null || isSame) return;
    this.given.email.add(key);
    this.#inheritGroups(person, { kind: 'email', address: key }, this.#byEmail.get(key));
    const { email_state: state } = person.columns;
    const inherited = this.addresses.emailStates.get(key);
    if (inherited === undefined) this.addresses.emailStates.set(key, { state, changedAt: person.emailStateChangedAt });
    else this.#changeState(person, inherited.state, inherited.changedAt ?? this.now);
  }

  /** The states of a number that somebody has win over those of the person. */
  #givePhone(person: Person, phone: string | null): void {
    if (phone !== null && phone !== person.columns.phone) {
      this.given.phone.add(phone);
      this.#inheritGroups(person, { kind: 'phone', address: phone }, this.#byPhone.get(phone));
    }
    release(this.#byPhone, person.columns.phone, person);
    person.columns.phone = phone;
    hold(this.#byPhone, phone, person);
  }

  #inheritGroups(person: Person, address: Address, holders: readonly Person[] | undefined): void {
    const inherited = this.addresses.groups.inheritedBy(person, address, {
      holders: byPosition(holders),
      holderOf: (userId) => this.#byUserId.get(userId),
    });
    // What this request has said of an address applies to those who have it, also if they are not in memory.
    const said = address.kind === 'email' ? (this.sharedGroups.get(address.address) ?? []) : [];
    for (const [groupId, state] of [...inherited, ...said]) this.#setGroupOf(person, groupId, state);
  }

  #setEmailState(person: Person, state: GlobalState): void {
    this.#changeState(person, state);
    const key = person.columns.email === null ? null : emailKey(person.columns.email);
    if (key === null) return;
    if (!this.lockedEmails.has(key)) throw new Outdated('the address of a person changed');
    this.addresses.emailStates.set(key, { state, changedAt: this.now });
    this.sharedStates.set(key, { state, source: this.source });
    for (const other of this.#holders(key)) this.#changeState(other, state);
  }

  #holders(key: string): readonly Person[] {
    return [...(this.#byEmail.get(key) ?? [])];
  }

  #changeState(person: Person, state: GlobalState, changedAt = this.now): void {
    if (person.columns.email_state === state) return;
    this.#noteChange(person, 'email', state);
    person.columns.email_state = state;
    person.emailStateChangedAt = changedAt;
    person.isChanged = true;
  }

  #noteChange(person: Person, subject: StateChange['subject'], state: GlobalState): void {
    const previous = subject === 'email' ? person.columns.email_state : person.columns.push_state;
    person.consents.push({ subject, previous, state, source: this.source });
  }

  #setGroupOf(person: Person, groupId: string, state: GroupChange['state']): void {
    person.groups = withEntry(person.groups, groupId, state);
    person.groupSources = withEntry(person.groupSources, groupId, this.source);
  }

  /** Sets a group's state for the person and, if `isShared`, for everybody who has the same email address. */
  setGroup(person: Person, { groupId, state }: GroupChange, isShared: boolean): void {
    this.#setGroupOf(person, groupId, state);
    const key = person.columns.email === null ? null : emailKey(person.columns.email);
    if (!isShared || key === null) return;
    if (!this.lockedEmails.has(key)) throw new Outdated('the address of a person changed');
    const groups = this.sharedGroups.get(key) ?? new Map<string, GroupChange['state']>();
    this.sharedGroups.set(key, groups.set(groupId, state));
    this.sharedSources.set(key, this.source);
    for (const other of this.#holders(key)) this.#setGroupOf(other, groupId, state);
  }

  /** Gives a token to a person. A token has one owner: the last one to whom the request gives it. */
  giveToken(person: Person, token: TokenChange): void {
    const key = tokenKey(token);
    const owner = this.#tokenOwners.get(key);
    if (owner !== undefined) owner.tokens = withoutEntry(owner.tokens, key);
    this.#tokenOwners.set(key, person);
    person.tokens = withEntry(person.tokens, key, token);
    this.knownTokens.add(key);
  }

  dropTokens(person: Person): void {
    person.tokens = emptyMap();
    person.dropsTokens = true;
  }
}

/** Longest JSON text of all custom attributes of one person, in characters. */
export const maxCustomLength = 1024 * 1024;

function existing(person: Person | undefined): Person | null {
  return person === undefined || person.stage === 'possible' ? null : person;
}

function emailOf({ columns: { email } }: Person): string | null {
  return email === null ? null : emailKey(email);
}

function hold(holders: Map<string, Person[]>, address: string | null, person: Person): void {
  if (address === null) return;
  const known = holders.get(address);
  if (known === undefined) holders.set(address, [person]);
  else if (!known.includes(person)) known.push(person);
}

function release(holders: Map<string, Person[]>, address: string | null, person: Person): void {
  const known = address === null ? undefined : holders.get(address);
  const place = known?.indexOf(person) ?? -1;
  if (place !== -1) known?.splice(place, 1);
}

function byPosition(people: readonly Person[] | undefined): Person[] {
  return [...(people ?? [])].sort((one, other) => one.position - other.position);
}

/** People with an external id first, then those updated last. A higher position means a later update. */
function byPreference(one: Person, other: Person): number {
  const named = Number(other.externalId !== null) - Number(one.externalId !== null);
  return named || other.updatedAt.getTime() - one.updatedAt.getTime() || other.position - one.position;
}
