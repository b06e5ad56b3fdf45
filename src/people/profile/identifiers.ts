import { isObject, own, type RawObject } from '../../lib/raw/json.ts';
import { isEmpty, isGiven, readFlag } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { readName } from '../stored-text.ts';
import { readBrazeId } from './braze-id.ts';
import { readEmailAddress, readPhone } from './contact.ts';
import type { PersonName } from './identify.ts';

/** How a request names a person. An email address or phone number names a person who has it. */
export type Identifier =
  | { kind: 'name'; name: PersonName }
  | { kind: 'braze_id'; id: { bucket: number; userId: number; createdAtS: number } | null }
  | { kind: 'email'; email: string }
  | { kind: 'phone'; phone: string };

/** The member of a request that an identifier was read from. */
export function memberOf(identifier: Identifier): 'external_id' | 'user_alias' | 'braze_id' | 'email' | 'phone' {
  if (identifier.kind !== 'name') return identifier.kind;
  return identifier.name.label === '' ? 'external_id' : 'user_alias';
}

/** Longest external id. It fits into one index row of PostgreSQL (2,704 bytes). Source: adjacent-endpoints.md §2.1. */
const maxExternalIdBytes = 987;
/** Longest name, and longest label, of an alias. Source: send.md §2.1. */
export const maxAliasBytes = 236;

export const missingIdentifier = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";

/**
 * Reads external_id, user_alias or braze_id, of which only one may be given. Without them, reads email, else phone.
 * null: none is given. Throws ObjectProblem.
 */
export function readIdentifier(raw: RawObject): Identifier | null {
  refuseSeveral(raw);
  if (isGiven(own(raw, 'external_id'))) return { kind: 'name', name: readExternalId(own(raw, 'external_id')) };
  if (!isEmpty(own(raw, 'user_alias'))) return { kind: 'name', name: readAlias(own(raw, 'user_alias'), 'user_alias') };
  if (isGiven(own(raw, 'braze_id'))) {
    return { kind: 'braze_id', id: readBrazeId(readName(own(raw, 'braze_id'), 'braze_id')) };
  }
  if (isGiven(own(raw, 'email'))) return { kind: 'email', email: readEmail(own(raw, 'email')) };
  if (isGiven(own(raw, 'phone'))) return { kind: 'phone', phone: readPhoneNumber(own(raw, 'phone')) };
  return null;
}

/** With two of them a caller would not learn whom of two people the object changed. */
function refuseSeveral(raw: RawObject): void {
  const [externalId, alias] = [isGiven(own(raw, 'external_id')), !isEmpty(own(raw, 'user_alias'))];
  const brazeId = isGiven(own(raw, 'braze_id'));
  if (Number(externalId) + Number(alias) + Number(brazeId) < 2) return;
  const given = [
    ...(externalId ? ["'external_id'"] : []),
    ...(alias ? ["'user_alias'"] : []),
    ...(brazeId ? ["'braze_id'"] : []),
  ];
  throw new ObjectProblem(`${given.slice(0, -1).join(', ')} and ${given.at(-1)} are mutually exclusive`);
}

/** Reads an external id. If it is too long, says so in the original's words. Throws ObjectProblem. */
export function readExternalId(value: unknown, path = 'external_id'): PersonName {
  const name = readName(value, path, Number.POSITIVE_INFINITY);
  if (Buffer.byteLength(name) <= maxExternalIdBytes) return { label: '', name };
  const quoted = path === 'external_id' ? "'external_id'" : path;
  throw new ObjectProblem(`${quoted} must be fewer than ${maxExternalIdBytes + 1} bytes`);
}

/** Refuses an external id that the operator has blocked, in the original's words. Throws ObjectProblem. */
export function refuseBlocked(identifier: Identifier | null, { settings }: Pick<WorkspaceCatalog, 'settings'>): void {
  const isBlocked =
    identifier?.kind === 'name' &&
    identifier.name.label === '' &&
    settings.users.blockedIds?.has(identifier.name.name) === true;
  if (isBlocked) throw new ObjectProblem('provided external_id is blacklisted and disallowed');
}

export function readAlias(value: unknown, path: string): PersonName {
  if (!isObject(value)) throw new ObjectProblem(`${path}: expected an object with alias_name and alias_label`);
  return {
    label: readName(own(value, 'alias_label'), `${path}.alias_label`, maxAliasBytes),
    name: readName(own(value, 'alias_name'), `${path}.alias_name`, maxAliasBytes),
  };
}

export function readEmail(value: unknown, path = 'email'): string {
  const address = typeof value === 'string' ? readEmailAddress(value) : null;
  if (address !== null) return address;
  if (path === 'email') throw new ObjectProblem("The value provided for the 'email' field is not a valid email.");
  throw new ObjectProblem(`${path}: expected a valid email address`);
}

export function readPhoneNumber(value: unknown, path = 'phone'): string {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  const phone = typeof text === 'string' ? readPhone(text) : null;
  if (phone === null) throw new ObjectProblem(`${path}: expected a phone number with + and country code`);
  return phone;
}

/**
 * Whether the object may create its person. An alias may with `_update_existing_only: false`, an external id or address
 * without `_update_existing_only: true`, a braze id never. Throws ObjectProblem.
 */
export function readCreates(raw: RawObject, identifier: Identifier): boolean {
  const reading = readFlag(own(raw, '_update_existing_only'));
  if (!reading.ok) throw new ObjectProblem('_update_existing_only: expected a boolean');
  if (identifier.kind === 'braze_id') return false;
  const isAlias = identifier.kind === 'name' && identifier.name.label !== '';
  return !(reading.value ?? isAlias);
}
