import { describe, isObject, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty } from '../../../lib/raw/lenient.ts';
import type { ObjectReader } from '../../../lib/raw/object-reader.ts';

/** Most bytes of one object of trigger properties, as JSON. Source: adjacent-endpoints.md §4.5 (50 KB). */
export const MOST_PROPERTY_BYTES = 51_200;

/** Reads properties from the members of these names. Later ones win, key by key. null: there are none. */
export function readProperties(reader: ObjectReader, keys: readonly string[]): RawObject | null {
  const given = keys.map((key) => readOne(reader, key)).filter((one) => one !== null);
  const [first = null, ...others] = given;
  return others.length === 0 ? first : Object.fromEntries(given.flatMap((one) => Object.entries(one)));
}

function readOne(reader: ObjectReader, key: string): RawObject | null {
  const value = reader.get(key);
  if (isEmpty(value)) return null;
  if (!isObject(value)) {
    reader.refuse(key, `expected an object, got ${describe(value)}`);
    return null;
  }
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= MOST_PROPERTY_BYTES) return value;
  reader.refuse(key, `expected at most ${MOST_PROPERTY_BYTES} bytes as JSON, got ${bytes}`);
  return null;
}
