import { withEntry } from '../../lib/lazy-map.ts';
import { isObject, type Json, own } from '../../lib/raw/json.ts';
import { isEmpty, isGiven, readFlag } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { readStoredTime } from '../../lib/time/times.ts';
import { readTimeZone } from '../../lib/time/zone-names.ts';
import { type GlobalState, globalStates } from '../../templating/facts.ts';
import { CodedProblem, coded, type TrackCode } from '../remarks.ts';
import { readShortText } from '../stored-text.ts';
import { readCountry, readLanguage } from './countries-and-languages.ts';
import { readEmail, readPhoneNumber } from './identifiers.ts';

/** New values of columns of `profiles`. null removes the value. */
export interface ProfileColumns {
  first_name?: string | null;
  last_name?: string | null;
  email?: string | null;
  email_state?: GlobalState;
  push_state?: GlobalState;
  phone?: string | null;
  country?: string | null;
  language?: string | null;
  gender?: string | null;
  home_city?: string | null;
  time_zone?: string | null;
  /** YYYY-MM-DD */
  dob?: string | null;
  longitude?: number | null;
  latitude?: number | null;
  first_session_at?: Date | null;
  last_session_at?: Date | null;
}

export interface ProfileChange {
  columns: ProfileColumns;
  /** Members that are stored but not used. null removes the value. */
  extras: ReadonlyMap<string, Json>;
  /** Marks the email address as reported for spam. null removes the mark. */
  markedSpamAt?: Date | null;
}

type ReadField = (value: unknown, into: ProfileChange) => void;
type TextColumn = 'first_name' | 'last_name' | 'home_city';

/** The readers of the members of an attributes object that are not custom attributes. They throw ObjectProblem. */
export const profileFields: ReadonlyMap<string, ReadField> = new Map<string, ReadField>([
  ['first_name', textColumn('first_name')],
  ['last_name', textColumn('last_name')],
  ['home_city', textColumn('home_city')],
  [
    'email',
    (value, { columns }) => {
      columns.email = isGiven(value) ? readEmail(value) : null;
    },
  ],
  [
    'phone',
    (value, { columns }) => {
      columns.phone = isGiven(value) ? readPhoneNumber(value) : null;
    },
  ],
  [
    'email_subscribe',
    (value, { columns }) => {
      if (value !== '') columns.email_state = readState(value, 'email_subscribe', 'BAD_EMAIL_SUBSCRIPTION_STATE');
    },
  ],
  [
    'push_subscribe',
    (value, { columns }) => {
      if (value !== '') columns.push_state = readState(value, 'push_subscribe', 'BAD_PUSH_SUBSCRIPTION_STATE');
    },
  ],
  [
    'country',
    (value, { columns }) => {
      columns.country = isGiven(value) ? readCountry(readShortText(value, 'country')) : null;
    },
  ],
  [
    'language',
    (value, { columns }) => {
      const language = isGiven(value) ? readLanguage(readShortText(value, 'language')) : null;
      if (language === null && isGiven(value)) throw new ObjectProblem('language: expected a code of ISO 639-1');
      columns.language = language;
    },
  ],
  ['gender', readGender],
  ['dob', readBirthDate],
  ['time_zone', setTimeZone],
  ['current_location', (value, into) => coded('BAD_LOCATION_UPDATE', () => readLocation(value, into))],
  [
    'date_of_first_session',
    (value, { columns }) => {
      columns.first_session_at = readDate(value, 'date_of_first_session');
    },
  ],
  [
    'date_of_last_session',
    (value, { columns }) => {
      columns.last_session_at = readDate(value, 'date_of_last_session');
    },
  ],
  [
    'marked_email_as_spam_at',
    (value, into) => {
      into.markedSpamAt = readDate(value, 'marked_email_as_spam_at');
    },
  ],
  ['email_open_tracking_disabled', flagExtra('email_open_tracking_disabled')],
  ['email_click_tracking_disabled', flagExtra('email_click_tracking_disabled')],
  ['image_url', extra('image_url')],
  ['facebook', extra('facebook')],
  ['twitter', extra('twitter')],
]);

function textColumn(column: TextColumn): ReadField {
  return (value, { columns }) => {
    columns[column] = isGiven(value) ? readShortText(value, column) : null;
  };
}

function readState(value: unknown, path: string, code: TrackCode): GlobalState {
  const state = globalStates.find((known) => known === value);
  if (state !== undefined) return state;
  throw new CodedProblem(code, `${path}: expected opted_in, subscribed or unsubscribed`);
}

/** The words for the codes, which clients write in their own examples. */
const genders: ReadonlyMap<string, string> = new Map([
  ...['M', 'F', 'O', 'N', 'P'].map((code) => [code, code] as const),
  ...([
    ['MALE', 'M'],
    ['FEMALE', 'F'],
    ['OTHER', 'O'],
    ['NOT APPLICABLE', 'N'],
    ['PREFER NOT TO SAY', 'P'],
  ] as const),
]);

function readGender(value: unknown, { columns }: ProfileChange): void {
  const code = typeof value === 'string' ? genders.get(value.trim().toUpperCase()) : undefined;
  if (isGiven(value) && code === undefined) throw new ObjectProblem('gender: expected M, F, O, N or P');
  columns.gender = code ?? null;
}

function readBirthDate(value: unknown, { columns }: ProfileChange): void {
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !value.startsWith('0000');
  if (isGiven(value) && !(isDay && readStoredTime(value) !== null)) throw new ObjectProblem('dob: expected YYYY-MM-DD');
  columns.dob = isDay ? value : null;
}

/** Time from midnight in Kiribati to midnight in Greenwich: a day begins so much earlier somewhere. */
const FIRST_ZONE_MS = 14 * 3_600_000;

/** The problem of a date of birth that lies in the future everywhere. null: it does not, or there is none. */
export function futureIn({ columns: { dob } }: ProfileChange, now: Date): string | null {
  return typeof dob === 'string' && dob > lastDayAt(now.getTime()) ? 'dob: is in the future' : null;
}

/** The day of the last question. All people of a batch are asked about at the same instant. */
let last = { atMs: Number.NaN, day: '' };

/** The latest day, as YYYY-MM-DD, that it is somewhere. */
function lastDayAt(atMs: number): string {
  if (last.atMs !== atMs) last = { atMs, day: new Date(atMs + FIRST_ZONE_MS).toISOString().slice(0, 10) };
  return last.day;
}

/** An unknown time zone leaves the stored one unchanged. */
function setTimeZone(value: unknown, { columns }: ProfileChange): void {
  if (!isGiven(value)) columns.time_zone = null;
  const zone = isGiven(value) ? readTimeZone(readShortText(value, 'time_zone')) : null;
  if (zone !== null) columns.time_zone = zone;
}

function readLocation(value: unknown, { columns }: ProfileChange): void {
  if (value !== null && isEmpty(value)) return;
  if (value !== null && !isObject(value)) throw new ObjectProblem('current_location: expected an object');
  const longitude = value === null ? null : readDegrees(own(value, 'longitude'), 180, 'current_location.longitude');
  const latitude = value === null ? null : readDegrees(own(value, 'latitude'), 90, 'current_location.latitude');
  Object.assign(columns, { longitude, latitude });
}

function readDegrees(value: unknown, most: number, path: string): number {
  if (typeof value === 'number' && Math.abs(value) <= most) return value;
  throw new ObjectProblem(`${path}: expected a number from -${most} to ${most}`);
}

function readDate(value: unknown, path: string): Date | null {
  return isGiven(value) ? readTime(value, path) : null;
}

/** Reads a time from the year 1 on, because PostgreSQL has no year 0. Throws ObjectProblem. */
export function readTime(value: unknown, path: string): Date {
  const ms = typeof value === 'string' ? readStoredTime(value) : null;
  const date = new Date(ms ?? Number.NaN);
  if (date.getUTCFullYear() >= 1) return date;
  throw new ObjectProblem(`${path}: expected an ISO 8601 date`);
}

function flagExtra(name: string): ReadField {
  return (value, into) => {
    const reading = readFlag(value);
    if (!reading.ok) throw new ObjectProblem(`${name}: expected a boolean`);
    into.extras = withEntry(into.extras, name, reading.value ?? null);
  };
}

const maxExtraLength = 10_000;

function extra(name: string): ReadField {
  return (value, into) => {
    into.extras = withEntry(into.extras, name, readAnything(value, name));
  };
}

/** Reads any JSON that PostgreSQL can store. Throws ObjectProblem. */
function readAnything(value: unknown, path: string): Json {
  const text = JSON.stringify(value) ?? 'null';
  if (text.length > maxExtraLength) throw new ObjectProblem(`${path}: expected at most ${maxExtraLength} characters`);
  // JSON.stringify escapes NUL and lone surrogates. An escaped backslash before "u" is harmless, but refused, too.
  if (/\\u(0000|d[89a-f])/i.test(text)) throw new ObjectProblem(`${path}: expected Unicode text without NUL`);
  return JSON.parse(text) as Json;
}
