import { RequestError } from '../../../errors.ts';
import { readExternalId } from '../../../people/profile/identifiers.ts';
import type { PersonName } from '../../../people/profile/identify.ts';
import { readLimit, readOffset, readTexts } from '../../query.ts';
import { refuseCount } from '../address-lists.ts';
import { readEmail } from '../email/request.ts';
import { readPhone } from '../sms/request.ts';
import { bothAddresses } from './request.ts';

/** An address as the caller wrote it, and as it is stored. */
export interface GivenAddress {
  given: string;
  address: string;
}

/** Whom a query names. At least one of the lists is not empty. */
export interface NamedPeople {
  externalIds: PersonName[];
  emails: GivenAddress[];
  phones: GivenAddress[];
}

export const peopleParameters = ['external_id[]', 'email[]', 'phone[]'] as const;

/** Reads whose state is asked for: people by external id, which win over addresses, or addresses of one kind. */
export function readStatusQuery(query: URLSearchParams): NamedPeople {
  const named = readPeople(query);
  if (named.externalIds.length > 0) return { ...named, emails: [], phones: [] };
  if (named.emails.length > 0 && named.phones.length > 0) throw bothAddresses();
  return named;
}

/** Reads whose groups are asked for, and which page of them. */
export function readUserStatusQuery(query: URLSearchParams): NamedPeople & { limit: number; offset: number } {
  return {
    ...readPeople(query),
    limit: readLimit(query, { usual: 100, most: 100, cuts: true }),
    offset: readOffset(query),
  };
}

function readPeople(query: URLSearchParams): NamedPeople {
  const lists = {
    external_id: texts(query, 'external_id'),
    email: texts(query, 'email'),
    phone: texts(query, 'phone'),
  };
  if (Object.values(lists).every(({ length }) => length === 0))
    throw new RequestError('bad_request', ['external_id, email, phone: expected one of them']);
  return {
    externalIds: lists.external_id.map((text) => readExternalId(text, 'external_id')),
    emails: lists.email.map((text) => {
      // A `+` that the client did not escape has arrived as a blank.
      const given = text.trim().replaceAll(' ', '+');
      return { given, address: readEmail(given, 'email') };
    }),
    phones: lists.phone.map((text) => ({
      given: text.replace(/^ (?=\d)/, '+').trim(),
      address: readPhone(text, 'phone'),
    })),
  };
}

function texts(query: URLSearchParams, name: string): string[] {
  const list = readTexts(query, name);
  refuseCount(name, list.length);
  return list;
}
