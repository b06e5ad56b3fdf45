import type { Identifier } from '../profile/identifiers.ts';
import { nameKey, type PersonKey, type PersonName } from '../profile/identify.ts';
import type { AttributesObject } from './attributes.ts';
import type { TrackRequest } from './request.ts';
import { emailKey } from './roster.ts';

/** The people, addresses and tokens that requests name, before anything is looked up. */
export interface Wanted {
  names: Map<string, PersonName>;
  /** Those of `names` for which an object may make a person. */
  created: Map<string, PersonName>;
  keys: PersonKey[];
  /** Names whose people an object of `attributes` may change, by `nameKey`; of other people only the key is needed. */
  changed: Set<string>;
  /** The same of `keys`, by user id. */
  changedIds: Set<number>;
  /** Email addresses that name people. */
  emails: Set<string>;
  /** Phone numbers that name people. */
  phones: Set<string>;
  /** Email addresses that the request gives to people. */
  newEmails: Set<string>;
  /** Phone numbers that the request gives to people. */
  newPhones: Set<string>;
  /** Whether an object changes a state that people with the same address share. */
  changesShared: boolean;
  /** Identifiers of those objects that do not give the address themselves: it is the one that the person has. */
  sharing: Identifier[];
  importedTokens: { appId: string; token: string }[];
  /** Whether there is any object of `attributes`. Otherwise the requests only tell what people did. */
  hasAttributes: boolean;
}

export function wantedBy(requests: readonly TrackRequest[]): Wanted {
  const wanted: Wanted = {
    names: new Map(),
    created: new Map(),
    keys: [],
    changed: new Set(),
    changedIds: new Set(),
    emails: new Set(),
    phones: new Set(),
    newEmails: new Set(),
    newPhones: new Set(),
    changesShared: false,
    sharing: [],
    importedTokens: [],
    hasAttributes: requests.some(({ attributes }) => attributes.length > 0),
  };
  for (const request of requests) addWanted(wanted, request);
  return wanted;
}

function addWanted(wanted: Wanted, { attributes, activities }: TrackRequest): void {
  for (const { object } of attributes) {
    const { identifier } = object;
    if (identifier === null) wanted.importedTokens.push(...(object.tokens ?? []));
    else want(wanted, identifier, object.creates);
    if (identifier?.kind === 'name') wanted.changed.add(nameKey(identifier.name.label, identifier.name.name));
    if (identifier?.kind === 'braze_id' && identifier.id !== null) wanted.changedIds.add(identifier.id.userId);
    const { email, phone } = object.profile.columns;
    if (email) wanted.newEmails.add(emailKey(email));
    if (phone) wanted.newPhones.add(phone);
    if (!changesShared(object) || identifier === null) continue;
    wanted.changesShared = true;
    // Beside a history, the address that is stored may stay.
    if (email === undefined || object.history !== undefined) wanted.sharing.push(identifier);
  }
  for (const { object } of activities) want(wanted, object.identifier, object.creates);
}

function want(wanted: Wanted, identifier: Identifier, creates: boolean): void {
  if (identifier.kind === 'email') wanted.emails.add(emailKey(identifier.email));
  if (identifier.kind === 'phone') wanted.phones.add(identifier.phone);
  if (identifier.kind === 'braze_id' && identifier.id !== null) wanted.keys.push(identifier.id);
  if (identifier.kind !== 'name') return;
  const key = nameKey(identifier.name.label, identifier.name.name);
  wanted.names.set(key, identifier.name);
  if (creates) wanted.created.set(key, identifier.name);
}

function changesShared(object: AttributesObject): boolean {
  return object.profile.columns.email_state !== undefined || object.groups.length > 0;
}
