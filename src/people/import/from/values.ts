import { isObject, memberPath, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { readStoredTime } from '../../../lib/time/times.ts';
import { readEmail } from '../../profile/identifiers.ts';
import { isMember } from '../../track/names/custom-names.ts';
import type { Translating } from './foreign.ts';

/** Seconds since 1970, of the years 2001 to 2286. */
const seconds = /^\d{10}$/;

/** A time, as a text or in seconds since 1970. null: there is none, or it is wrong, which is remarked. */
export function timeOf(value: unknown, path: string, { remarks, now }: Translating): Date | null {
  if (value === undefined || value === null || value === '') return null;
  const text = String(value);
  const ms = seconds.test(text) ? Number(text) * 1_000 : readStoredTime(text);
  const at = new Date(ms ?? Number.NaN);
  if (at.getUTCFullYear() >= 1) return at > now ? now : at;
  remarks.add(`${path}: expected an ISO 8601 date`);
  return null;
}

/** An integer that is not negative, as a number or a text. null: there is none, or it is wrong, which is remarked. */
export function countOf(value: unknown, path: string, { remarks }: Translating, most = 2_147_483_647): number | null {
  if (value === undefined || value === null || value === '') return null;
  const count = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (Number.isInteger(count) && Number(count) >= 0 && Number(count) <= most) return Number(count);
  remarks.add(`${path}: expected an integer from 0 to ${most}`);
  return null;
}

/** The members with an address, if it is good. A bad address would refuse the whole record. */
export function emailOf(value: unknown, { remarks }: Translating): RawObject {
  if (typeof value === 'string' && value.trim() === '') return {};
  const email = value == null ? undefined : remarks.keep(() => readEmail(value));
  return email === undefined ? {} : { email };
}

/** The words with which an object means a change of the stored value in /users/track. */
const operations = new Set(['inc', 'add', 'remove', '$add', '$update', '$remove']);

/**
 * Custom attributes as they are to be stored. Leaves out what would remove or change a stored value, and names that are
 * no custom attributes here, with a remark.
 */
export function customOf(values: unknown, path: string, { remarks }: Translating): RawObject {
  if (values === undefined || values === null) return {};
  if (!isObject(values)) {
    remarks.add(`${path}: expected an object`);
    return {};
  }
  const good = Object.entries(values).filter(([name, value]) => {
    if (value === null) return false;
    const problem = isMember(name.trim())
      ? 'is a member of profiles, and no custom attribute'
      : isObject(value) && Object.keys(value).some((key) => operations.has(key))
        ? 'an object with such members means a change of the stored value'
        : null;
    if (problem !== null) remarks.add(`${memberPath(path, name)}: ${problem}`);
    return problem === null;
  });
  return Object.fromEntries(good);
}

/** A number, or a text that is one. Throws ObjectProblem. */
export function numberOf(value: unknown, path: string): number {
  const isNumeric = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value.trim());
  const number = isNumeric ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new ObjectProblem(`${path}: expected a number`);
}

/** A place in the form of /users/track. Empty: none is given, or it is wrong, which is remarked. */
export function placeOf(longitude: unknown, latitude: unknown, path: string, { remarks }: Translating): RawObject {
  if (longitude == null || latitude == null || longitude === '' || latitude === '') return {};
  const place = remarks.keep(() => ({
    longitude: numberOf(longitude, `${path}: longitude`),
    latitude: numberOf(latitude, `${path}: latitude`),
  }));
  return place === undefined ? {} : { current_location: place };
}

/** Names a person by an alias, and makes the person if it is missing. */
export function namedByAlias(label: string, name: string): RawObject {
  return { user_alias: { alias_label: label, alias_name: name }, _update_existing_only: false };
}

/** The earliest of these times. null: there is none. */
export function earliest(times: readonly (Date | null)[]): Date | null {
  return times.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
}

/** The latest of these times. null: there is none. */
export function latest(times: readonly (Date | null)[]): Date | null {
  return times.reduce((last, at) => (last === null || (at !== null && at > last) ? at : last), null);
}
