import type { CountryCode } from 'libphonenumber-js/min';
import { shown } from '../../lib/raw/json.ts';
import { readFlag } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';

import { readStoredTime } from '../../lib/time/times.ts';
import { readTimeZone } from '../../lib/time/zone-names.ts';
import { readEmailAddress, readPhone } from '../profile/contact.ts';
import { readCountry } from '../profile/countries-and-languages.ts';
import { countryInAnyLanguage } from '../profile/country-hints.ts';
import { type IgnoredField, unknownValue } from '../track/attributes.ts';
import { type ConsentColumn, readConsent } from './consent-words.ts';
import { type DateFormat, dateFormatHint } from './date-format.ts';
import { type NumberStyle, otherStyleHint, readNumberText } from './numbers.ts';
import { countryWithPlus, readPhoneOf } from './phones.ts';

/** The type of a column: it decides how the cells are read. */
export const cellTypes = ['text', 'number', 'boolean', 'json', 'time', 'date'] as const;
export type CellType = (typeof cellTypes)[number];

/** The type of a column whose name decides how its cells are read. */
export type FixedType = 'email' | 'phone' | ConsentColumn | IgnoredField;

/** How the program that wrote the file writes things. */
export interface CellStyle {
  numbers: NumberStyle;
  /** How dates and times are written, beside ISO 8601, which is always read. null: no other way. */
  dateFormat: DateFormat | null;
  /** What numbers may have before or after them, such as € or EUR. null: nothing. */
  currency: string | null;
  /** Words for true and false beside `true`, `false`, `1` and `0`, in lower case. */
  booleans: ReadonlyMap<string, boolean>;
  /** The country of phone numbers without `+`. null: as in /users/track. */
  phoneCountry: CountryCode | null;
}

/** Reads a cell that is not empty. Throws ObjectProblem, whose text begins with the column's name. */
export function readCell(
  cell: string,
  type: CellType | FixedType,
  name: string,
  style: CellStyle,
  seen: Seen,
): unknown {
  switch (type) {
    case 'text':
      return cell;
    case 'number':
      return readNumber(cell, name, style, seen);
    case 'boolean':
      return readBoolean(cell, name, style);
    case 'json':
      return readJson(cell, name);
    case 'time':
      return readMoment(cell, name, style);
    case 'date':
      return readMoment(cell, name, style).slice(0, 10);
    case 'email':
      if (readEmailAddress(cell) !== null) return cell;
      throw new ObjectProblem(`The value provided for the '${name}' field is not a valid email.`);
    case 'phone':
      return readPhoneCell(cell, name, style, seen);
    case 'global_state':
    case 'group_state':
      return readConsent(cell, type, name, style.booleans);
    case 'country':
      return readCountryCell(cell);
    case 'time_zone':
      if (readTimeZone(cell) !== null) return cell;
      throw new ObjectProblem(unknownValue('time_zone', cell));
  }
}

/** A file may have countries in the language of its people; what is certain need not be mended by hand. */
function readCountryCell(cell: string): string {
  const code = readCountry(cell) ?? countryInAnyLanguage(cell);
  if (code !== null) return code;
  throw new ObjectProblem(unknownValue('country', cell));
}

/** Told of what may be meant otherwise, to be counted. */
export interface Seen {
  /** The text of every number. */
  number(name: string, text: string): void;
  /** A phone number that is a fixed line if it is one of the country that the file names. */
  fixedLine(name: string): void;
}

function readPhoneCell(cell: string, name: string, { phoneCountry }: CellStyle, seen: Seen): string {
  const expected = `${name}: expected a phone number with + and country code`;
  if (phoneCountry === null) {
    const phone = readPhone(cell);
    if (phone !== null) return phone;
    const hint = cell.includes('+') ? '' : '; for others, name their country: --phone-country AT';
    throw new ObjectProblem(expected + hint);
  }
  const read = readPhoneOf(cell, phoneCountry);
  if (read === null) {
    if (cell.trim().startsWith('+')) throw new ObjectProblem(expected);
    const other = countryWithPlus(cell);
    const hint = other === null ? '' : `; with + before it, it is one of ${other}`;
    throw new ObjectProblem(`${name}: no phone number of ${phoneCountry}; others need + and country code${hint}`);
  }
  if (read.isFixedLine) seen.fixedLine(name);
  return read.phone;
}

function readNumber(cell: string, name: string, { numbers, currency }: CellStyle, seen: Seen): number {
  const text = withoutCurrency(cell.trim(), currency);
  seen.number(name, text);
  const value = readNumberText(text, numbers);
  if (value !== null) return value;
  throw new ObjectProblem(`${shown(name)}: expected a number${numberHint(text, numbers)}`);
}

const examples: Readonly<Record<NumberStyle, string>> = {
  ...{ plain: '1234.50', thousands_comma: '1,234.50', decimal_comma: '1.234,50' },
};

function numberHint(text: string, style: NumberStyle): string {
  const hint = otherStyleHint(text, style);
  if (hint !== '') return hint;
  if (/^[\d.,-]+$/.test(text)) return ` such as ${examples[style]}`;
  const [sign] = /\p{Sc}|^[A-Z]{3}\b|\b[A-Z]{3}$/u.exec(text) ?? [];
  return sign === undefined ? '' : ` (is it written with --currency '${sign}'?)`;
}

function withoutCurrency(text: string, currency: string | null): string {
  if (currency === null) return text;
  if (text.endsWith(currency)) return text.slice(0, -currency.length).trimEnd();
  const minus = text.startsWith('-') ? '-' : '';
  const rest = text.slice(minus.length);
  return rest.startsWith(currency) ? minus + rest.slice(currency.length).trimStart() : text;
}

function readBoolean(cell: string, name: string, { booleans }: CellStyle): boolean {
  const word = booleans.get(cell.trim().toLowerCase());
  if (word !== undefined) return word;
  const flag = readFlag(cell.trim() === '1' ? 1 : cell.trim() === '0' ? 0 : cell);
  if (flag.ok && flag.value !== undefined) return flag.value;
  const words = [...booleans.keys()].map((one) => `, ${one}`).join('');
  throw new ObjectProblem(`${shown(name)}: expected true or false${words}`);
}

function readJson(cell: string, name: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    throw new ObjectProblem(`${shown(name)}: expected JSON`);
  }
}

/** The time as /users/track reads it: what is written in the format becomes ISO 8601. */
function readMoment(cell: string, name: string, { dateFormat }: CellStyle): string {
  const text = dateFormat?.read(cell) ?? cell.trim();
  if (/^\d{4}-/.test(text) && readStoredTime(text) !== null) return text;
  if (dateFormat === null && readStoredTime(text) !== null) return new Date(readStoredTime(text) ?? 0).toISOString();
  const expected = dateFormat?.texts.join(' or ') ?? `YYYY-MM-DD${dateFormatHint(cell)}`;
  throw new ObjectProblem(`${shown(name)}: expected a date as ${expected}`);
}
