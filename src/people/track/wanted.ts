import type { Identifier } from '../profile/identifiers.ts';
import { nameKey, type PersonKey, type PersonName } from '../profile/identify.ts';
import type { AttributesObject } from './attributes.ts';
import type { TrackRequest } from './request.ts';
import { emailKey } from './roster.ts';

/** The people, addresses and tokens that a request names, before anything is looked up. */
export interface Wanted {
  names: Map<string, PersonName>;
  /** Those of `names` for which an object may make a person. */
  created: Map<string, PersonName>;
  keys: PersonKey[];
  /** Email addresses that name people. */
  emails: Set<string>;
  /** Phone numbers that name people. */
  phones: Set<string>;
  /** Email addresses that the request gives to people. */
  newEmails: Set<string>;
  /** Phone numbers that the request gives to people. */
  newPhones: Set<string>;
  /** Identifiers of the objects that change a state which people with the same address share. */
  sharing: Identifier[];
  importedTokens: { appId: string; token: string }[];
}

export function wantedBy(request: TrackRequest): Wanted {
  const wanted: Wanted = {
    names: new Map(),
    created: new Map(),
    keys: [],
    emails: new Set(),
    phones: new Set(),
    newEmails: new Set(),
    newPhones: new Set(),
    sharing: [],
    importedTokens: [],
  };
  for (const { object } of request.attributes) {
    if (object.identifier === null) wanted.importedTokens.push(...(object.tokens ?? []));
    else want(wanted, object.identifier, object.creates);
    const { email, phone } = object.profile.columns;
    if (email) wanted.newEmails.add(emailKey(email));
    if (phone) wanted.newPhones.add(phone);
    if (changesShared(object) && object.identifier !== null) wanted.sharing.push(object.identifier);
  }
  for (const { object } of request.activities) want(wanted, object.identifier, object.creates);
  return wanted;
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
