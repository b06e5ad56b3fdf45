import type { RawObject } from '../../../lib/raw/json.ts';
import { type InvalidReason, invalidReasons, type ListFilter } from '../../../people/consent/address-lists.ts';
import { readPhoneNumber } from '../../../people/profile/identifiers.ts';
import { readOneOf, readTexts } from '../../query.ts';
import { readAddresses, readListFilter, refuseCount } from '../address-lists.ts';

/** Reads the numbers of a body, in E.164. One place of the original's documentation has the singular. */
export function readPhones(body: RawObject): string[] {
  return readAddresses(body, ['phone_numbers', 'phone_number'], readPhone);
}

/** Reads what the list of invalid numbers is asked for. Throws RequestError. */
export function readPhoneFilter(query: URLSearchParams): { filter: ListFilter; reason: InvalidReason | null } {
  const given = readTexts(query, 'phone_numbers');
  refuseCount('phone_numbers', given.length);
  const phones = given.map((text) => readPhone(text, 'phone_numbers'));
  const reason = readOneOf(query, 'reason', invalidReasons);
  return {
    filter: readListFilter(query, phones, 'phone_numbers'),
    reason: invalidReasons.find((known) => known === reason) ?? null,
  };
}

/** Reads a number with or without its `+`, which in a query may have arrived as a blank. Ten digits are a US number. */
export function readPhone(value: unknown, path: string): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return readPhoneNumber(text, path);
  const isBare = /^\d{11,15}$/.test(text.trim()) || /^ \d/.test(text);
  return readPhoneNumber(isBare ? `+${text.trim()}` : text, path);
}
