import { RequestError } from '../../../errors.ts';
import { elementPath, isObject, own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty, isGiven } from '../../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { AliasUpdate } from '../../../people/identity/alias-updates.ts';
import type { Rename } from '../../../people/identity/external-ids.ts';
import type { IdentityKey } from '../../../people/identity/find.ts';
import type { Identification } from '../../../people/identity/identify-people.ts';
import type { MergeUpdate } from '../../../people/identity/merge-people.ts';
import { readAlias, readEmail, readExternalId, readPhoneNumber } from '../../../people/profile/identifiers.ts';
import { readPrioritization } from '../../../people/profile/prioritization.ts';
import { readName } from '../../../people/stored-text.ts';

export const maxObjects = 50;

/** Reads the body of /users/identify, whose three lists may be mixed. Throws RequestError. */
export function readIdentifications(body: RawObject): Identification[] {
  const identifications = [
    ...readList(body, 'aliases_to_identify', (raw, path) => ({
      anonymous: { kind: 'name', name: readAlias(own(raw, 'user_alias'), `${path}.user_alias`) } as const,
      externalId: readExternalId(own(raw, 'external_id'), `${path}.external_id`),
    })),
    ...readList(body, 'emails_to_identify', (raw, path) => ({
      anonymous: readAddressKey(raw, path, 'email', true),
      externalId: readExternalId(own(raw, 'external_id'), `${path}.external_id`),
    })),
    ...readList(body, 'phone_numbers_to_identify', (raw, path) => ({
      anonymous: readAddressKey(raw, path, 'phone', true),
      externalId: readExternalId(own(raw, 'external_id'), `${path}.external_id`),
    })),
  ];
  if (identifications.length === 0)
    throw new ObjectProblem(
      'expected one of aliases_to_identify, emails_to_identify, phone_numbers_to_identify with at least one element',
    );
  return refuseCount(identifications);
}

/** Reads the body of /users/alias/update. Throws RequestError. */
export function readAliasUpdates(body: RawObject): AliasUpdate[] {
  return refuseCount(
    requireList(body, 'alias_updates', (raw, path) => ({
      label: readName(own(raw, 'alias_label'), `${path}.alias_label`),
      before: readName(own(raw, 'old_alias_name'), `${path}.old_alias_name`),
      after: readName(own(raw, 'new_alias_name'), `${path}.new_alias_name`),
    })),
  );
}

/** Reads the body of /users/external_ids/rename. Throws RequestError. */
export function readRenames(body: RawObject): Rename[] {
  return refuseCount(
    requireList(body, 'external_id_renames', (raw, path, index) => ({
      index,
      current: readExternalId(own(raw, 'current_external_id'), `${path}.current_external_id`).name,
      next: readExternalId(own(raw, 'new_external_id'), `${path}.new_external_id`).name,
    })),
  );
}

/** Reads the body of /users/external_ids/remove. Throws RequestError. */
export function readRemovals(body: RawObject): string[] {
  const list = own(body, 'external_ids');
  if (!Array.isArray(list) || list.length === 0) throw new ObjectProblem('external_ids: expected an array of texts');
  return refuseCount(list).map((value, index) => readExternalId(value, elementPath('external_ids', index)).name);
}

const mergeTexts = {
  list: "'merge_updates' must be an array of objects",
  count: 'a single request may not contain more than 50 merge updates',
  identifier:
    "identifiers must be objects with an 'external_id' property that is a string, 'user_alias' property that is an object, 'email' property that is a string, or 'phone' property that is a string",
  members: "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'",
} as const;

/** Reads the body of /users/merge. A text is the original's sentence for what is wrong with it. */
export function readMergeUpdates(body: RawObject): MergeUpdate[] | string {
  const list = own(body, 'merge_updates');
  if (!Array.isArray(list) || list.length === 0 || !list.every(isObject)) return mergeTexts.list;
  if (list.length > maxObjects) return mergeTexts.count;
  const members = ['identifier_to_merge', 'identifier_to_keep'];
  if (list.some((raw) => Object.keys(raw).some((key) => !members.includes(key)))) return mergeTexts.members;
  const updates = list.map((raw, index) => {
    const path = elementPath('merge_updates', index);
    const merge = readMergeIdentifier(own(raw, 'identifier_to_merge'), `${path}.identifier_to_merge`);
    const keep = readMergeIdentifier(own(raw, 'identifier_to_keep'), `${path}.identifier_to_keep`);
    return merge === null || keep === null ? null : { merge, keep };
  });
  const good = updates.filter((update) => update !== null);
  return good.length < updates.length ? mergeTexts.identifier : good;
}

function readMergeIdentifier(raw: unknown, path: string): IdentityKey | null {
  if (!isObject(raw)) return null;
  if (typeof own(raw, 'external_id') === 'string') {
    return { kind: 'name', name: readExternalId(own(raw, 'external_id'), `${path}.external_id`) };
  }
  if (isObject(own(raw, 'user_alias'))) {
    return { kind: 'name', name: readAlias(own(raw, 'user_alias'), `${path}.user_alias`) };
  }
  if (typeof own(raw, 'email') === 'string') return readAddressKey(raw, path, 'email', false);
  return typeof own(raw, 'phone') === 'string' ? readAddressKey(raw, path, 'phone', false) : null;
}

/** Reads an address with what chooses among the people who share it. */
function readAddressKey(raw: RawObject, path: string, kind: 'email' | 'phone', isRequired: boolean): IdentityKey {
  const read = kind === 'email' ? readEmail : readPhoneNumber;
  const address = read(own(raw, kind), `${path}.${kind}`);
  if (isRequired && !isGiven(own(raw, 'prioritization'))) {
    throw new ObjectProblem(`${path}.prioritization: is required with ${kind}`);
  }
  return { kind, address, prioritization: readPrioritization(raw, path) };
}

type Reader<T> = (raw: RawObject, path: string, index: number) => T;

function requireList<T>(body: RawObject, key: string, read: Reader<T>): T[] {
  const list = own(body, key);
  if (!Array.isArray(list) || list.length === 0) throw new ObjectProblem(`${key}: expected an array of objects`);
  return readList(body, key, read);
}

function readList<T>(body: RawObject, key: string, read: Reader<T>): T[] {
  const list = own(body, key);
  if (isEmpty(list)) return [];
  if (!Array.isArray(list)) throw new ObjectProblem(`${key}: expected an array of objects`);
  return list.map((raw, index) => {
    const path = elementPath(key, index);
    if (!isObject(raw)) throw new ObjectProblem(`${path}: expected an object`);
    return read(raw, path, index);
  });
}

function refuseCount<T>(list: readonly T[]): T[] {
  if (list.length <= maxObjects) return [...list];
  throw new RequestError('too_many_ids', [`expected at most ${maxObjects} objects, got ${list.length}`]);
}
