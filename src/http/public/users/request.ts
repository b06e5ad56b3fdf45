import { RequestError } from '../../../errors.ts';
import { elementPath, isObject, own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty, isGiven } from '../../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { type ExportField, type ExportRequest, exportFields } from '../../../people/export/export.ts';
import { type NewAlias, readNewAlias } from '../../../people/profile/aliases.ts';
import { readBrazeId } from '../../../people/profile/braze-id.ts';
import { readPhone } from '../../../people/profile/contact.ts';
import type { DeleteRequest } from '../../../people/profile/delete.ts';
import { readAlias, readEmail, readExternalId, readPhoneNumber } from '../../../people/profile/identifiers.ts';
import type { PersonName } from '../../../people/profile/identify.ts';
import { type Prioritization, readPrioritization } from '../../../people/profile/prioritization.ts';
import { readName } from '../../../people/stored-text.ts';

export const maxIds = 50;

/** Reads the body of /users/alias/new. `count`: number of objects, including invalid ones. Throws RequestError. */
export function readNewAliases(body: RawObject): { aliases: NewAlias[]; count: number } {
  const list = own(body, 'user_aliases');
  if (!Array.isArray(list)) throw new ObjectProblem('user_aliases: expected an array of objects');
  if (list.length > maxIds) {
    throw new RequestError('too_many_ids', [`user_aliases: expected at most ${maxIds} objects, got ${list.length}`]);
  }
  return { aliases: list.map(readNewAlias).filter((alias) => alias !== null), count: list.length };
}

/** Reads the body of /users/delete. `count`: number of ids of all kinds. Throws RequestError. */
export function readDeleteRequest(body: RawObject): { request: DeleteRequest; count: number } {
  const lists = {
    external_ids: listOf(body, 'external_ids'),
    user_aliases: listOf(body, 'user_aliases'),
    braze_ids: listOf(body, 'braze_ids'),
    email_addresses: listOf(body, 'email_addresses'),
    phone_numbers: listOf(body, 'phone_numbers'),
  };
  const count = Object.values(lists).reduce((sum, list) => sum + list.length, 0);
  refuseCount(count, Object.keys(lists));
  if (count === 0) {
    throw new ObjectProblem(`${Object.keys(lists).join(', ')}: expected at least one with an element, got none`);
  }
  const brazeIds = lists.braze_ids.map((value, index) => readBrazeId(readName(value, elementPath('braze_ids', index))));
  const request: DeleteRequest = {
    names: readNames(lists.external_ids, lists.user_aliases),
    brazeIds: brazeIds.filter((id) => id !== null),
    emails: lists.email_addresses.map((value, index) =>
      readAddress(value, elementPath('email_addresses', index), 'email', readEmail),
    ),
    phones: lists.phone_numbers.map((value, index) =>
      readAddress(value, elementPath('phone_numbers', index), 'phone', readPhoneNumber),
    ),
  };
  return { request, count };
}

/** Reads the body of /users/export/ids. Throws RequestError. */
export function readExportRequest(body: RawObject): ExportRequest {
  const [externalIds, aliases] = [listOf(body, 'external_ids'), listOf(body, 'user_aliases')];
  refuseCount(externalIds.length + aliases.length, ['external_ids', 'user_aliases']);
  const given = ['device_id', 'email_address', 'phone'].filter((key) => isGiven(own(body, key)));
  if (given.length > 1) throw new ObjectProblem(`${given.join(', ')}: expected only one of them`);
  const hasBrazeId = isGiven(own(body, 'braze_id'));
  if (externalIds.length + aliases.length + given.length + Number(hasBrazeId) === 0) {
    throw new ObjectProblem(
      'external_ids, user_aliases, device_id, braze_id, email_address, phone: expected one, got none',
    );
  }
  const brazeId = hasBrazeId ? readName(own(body, 'braze_id'), 'braze_id') : null;
  return {
    names: readNames(externalIds, aliases),
    brazeId: brazeId === null ? null : { given: brazeId, id: readBrazeId(brazeId) },
    address: readExportAddress(body),
    fields: readFields(listOf(body, 'fields_to_export')),
  };
}

/** Whether an unchecked export asks for received campaigns. It also does if it names no fields. */
export function asksForReceived(body: RawObject): boolean {
  const fields = own(body, 'fields_to_export');
  const list: unknown[] = Array.isArray(fields) ? fields : [];
  return list.length === 0 || list.includes('campaigns_received') || list.includes('canvases_received');
}

/** Reads a list. A single value counts as a list of one. */
function listOf(body: RawObject, key: string): unknown[] {
  const value = own(body, key);
  if (isEmpty(value)) return [];
  if (Array.isArray(value)) return value;
  if (typeof value === 'boolean') throw new ObjectProblem(`${key}: expected an array`);
  return [value];
}

function refuseCount(count: number, lists: readonly string[]): void {
  if (count <= maxIds) return;
  throw new RequestError('too_many_ids', [
    `${lists.join(', ')}: expected at most ${maxIds} ids together, got ${count}`,
  ]);
}

function readNames(externalIds: readonly unknown[], aliases: readonly unknown[]): PersonName[] {
  return [
    ...externalIds.map((value, index) => readExternalId(value, elementPath('external_ids', index))),
    ...aliases.map((value, index) => readAlias(value, elementPath('user_aliases', index))),
  ];
}

/** Reads an address: a text, or an object that also chooses among the people who share it. */
function readAddress(
  value: unknown,
  path: string,
  key: 'email' | 'phone',
  read: (value: unknown, path: string) => string,
): { address: string; prioritization: Prioritization } {
  if (!isObject(value)) return { address: read(value, path), prioritization: [] };
  return { address: read(own(value, key), `${path}.${key}`), prioritization: readPrioritization(value, path) };
}

function readExportAddress(body: RawObject): ExportRequest['address'] {
  const [device, email, phone] = [own(body, 'device_id'), own(body, 'email_address'), own(body, 'phone')];
  if (isGiven(device)) {
    const value = readName(device, 'device_id');
    return { kind: 'device_id', given: value, value };
  }
  if (isGiven(email)) {
    const value = readName(email, 'email_address');
    return { kind: 'email', given: value, value };
  }
  if (!isGiven(phone)) return null;
  const given = readName(phone, 'phone');
  return { kind: 'phone', given, value: readPhone(given) };
}

function readFields(list: readonly unknown[]): ReadonlySet<ExportField> | null {
  if (list.length === 0) return null;
  // Names that we do not know are ignored, because the original's list grows.
  return new Set(exportFields.filter((field) => list.includes(field)));
}
