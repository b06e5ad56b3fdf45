import { elementPath, isObject, type Json, memberPath, own, type RawObject } from '../../lib/raw/json.ts';
import { isEmpty, isGiven } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { type Identifier, missingIdentifier, readCreates, readIdentifier } from '../profile/identifiers.ts';
import { readTime } from '../profile/profile-fields.ts';
import { readAll } from '../remarks.ts';
import { readName, readShortText } from '../stored-text.ts';

/** One valid object of `events` or `purchases`: something that a person did. */
export interface Activity {
  identifier: Identifier;
  creates: boolean;
  at: Date;
  appId: string | null;
  properties: Json;
  /** The event, or the purchase of a product. */
  did: { kind: 'event'; name: string } | Purchase;
}

export interface Purchase {
  kind: 'purchase';
  name: string;
  currency: string;
  /** The price of one piece. */
  price: number;
  quantity: number;
}

const maxEventBytes = 100 * 1024;
const maxPurchaseBytes = 50 * 1024;
const maxPrice = 1e12;
/** What the original's own list has beyond ISO 4217 of today: withdrawn codes, islands, metals, units and bitcoin. */
const alsoCurrencies = [
  ...['BTC', 'BYR', 'CLF', 'EEK', 'GGP', 'IMP', 'JEP', 'LTL', 'LVL', 'MRO', 'MTL', 'STD', 'VEF', 'ZMK'],
  ...['XAG', 'XAU', 'XPD', 'XPT'],
];
const currencies = new Set([...Intl.supportedValuesOf('currency'), ...alsoCurrencies]);

/** Reads one object of `events`. Throws ObjectRefusal with all that is wrong. */
export function readEvent(raw: RawObject, now: Date): Activity {
  const { name, named, ...shared } = readAll({
    ...sharedParts(raw, now, maxEventBytes),
    name: () => readLabel(own(raw, 'name'), 'name'),
  });
  return { ...named, ...shared, did: { kind: 'event', name } };
}

/** Reads one object of `purchases`. Throws ObjectRefusal with all that is wrong. */
export function readPurchase(raw: RawObject, now: Date): Activity {
  const { name, currency, price, quantity, named, ...shared } = readAll({
    name: () => readLabel(own(raw, 'product_id'), 'product_id'),
    currency: () => readCurrency(own(raw, 'currency')),
    price: () => readPrice(own(raw, 'price')),
    quantity: () => readQuantity(own(raw, 'quantity')),
    ...sharedParts(raw, now, maxPurchaseBytes),
  });
  return { ...named, ...shared, did: { kind: 'purchase', name, currency, price, quantity } };
}

function sharedParts(raw: RawObject, now: Date, maxBytes: number) {
  return {
    named: () => readNamed(raw),
    at: () => readPast(own(raw, 'time'), now),
    appId: () => readAppId(own(raw, 'app_id')),
    properties: () => readProperties(own(raw, 'properties'), maxBytes),
  };
}

function readNamed(raw: RawObject): Pick<Activity, 'identifier' | 'creates'> {
  const identifier = readIdentifier(raw);
  if (identifier === null) throw new ObjectProblem(missingIdentifier);
  return { identifier, creates: readCreates(raw, identifier) };
}

function readPast(value: unknown, now: Date): Date {
  const at = readTime(value, 'time');
  return at > now ? now : at;
}

function readAppId(value: unknown): string | null {
  return isGiven(value) ? readName(value, 'app_id') : null;
}

function readLabel(value: unknown, path: string): string {
  const text = Number.isSafeInteger(value) ? String(value) : readShortText(value, path);
  if (text.trim() === '') throw new ObjectProblem(`${path}: expected a non-empty text`);
  return text;
}

function readCurrency(value: unknown): string {
  const code = readShortText(value, 'currency').toUpperCase();
  if (!currencies.has(code)) throw new ObjectProblem('currency: expected a code of ISO 4217');
  return code;
}

function readPrice(value: unknown): number {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,12}(\.\d{1,12})?$/.test(value));
  const price = isNumeric ? Number(value) : Number.NaN;
  if (Math.abs(price) < maxPrice) return price;
  throw new ObjectProblem('price: expected a number');
}

function readQuantity(value: unknown): number {
  if (!isGiven(value)) return 1;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100) return Number(value);
  throw new ObjectProblem("'quantity' is not valid");
}

const reservedNames = new Set(['time', 'event_name']);
const maxDepth = 40;

function readProperties(value: unknown, maxBytes: number): Json {
  if (isEmpty(value)) return null;
  if (!isObject(value)) throw new ObjectProblem('properties: expected an object');
  for (const key of Object.keys(value)) {
    if (reservedNames.has(key)) throw new ObjectProblem(`properties.${key}: the name is reserved`);
  }
  const properties = readProperty(value, 'properties', 0);
  if (Buffer.byteLength(JSON.stringify(properties)) > maxBytes) {
    throw new ObjectProblem(`properties: expected at most ${maxBytes / 1024} KB`);
  }
  return properties;
}

function readProperty(value: unknown, path: string, depth: number): Json {
  if (depth > maxDepth) throw new ObjectProblem('properties: nested too deeply');
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new ObjectProblem(`${path}: expected a number that fits into 64 bits`);
  }
  if (Array.isArray(value))
    return value.map((element, index) => readProperty(element, elementPath(path, index), depth + 1));
  if (!isObject(value)) return readShortText(value, path);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      readShortText(key, `${path}: a name`);
      // A nested date is written as an object with the single member "$time".
      const isWrong = key === '' || (key.startsWith('$') && key !== '$time');
      if (isWrong) throw new ObjectProblem(`${path}: a name is empty or begins with "$"`);
      return [key, readProperty(member, memberPath(path, key), depth + 1)];
    }),
  );
}
