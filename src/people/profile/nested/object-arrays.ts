import { elementPath, isObject, type Json, own, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { type JsonObject, mergedObject, readObject, withoutNulls } from './nested-values.ts';

/** Which objects of an array are meant: those whose member `key` has this value. */
interface Match {
  key: string;
  value: string | number | boolean;
}

/** The change that a request makes to the objects of an array. Source: adjacent-endpoints.md §2.1. */
export interface ObjectsEdit {
  add: JsonObject[];
  remove: Match[];
  update: (Match & { object: JsonObject })[];
  /** Whether `$update` merges the new object into the old one. Otherwise it replaces it. */
  merges: boolean;
}

/** Each match is compared with each stored object, so their number is limited. */
const MOST_MATCHES = 500;

const operations = new Set(['$add', '$remove', '$update']);

/** Reads `$add`, `$remove` and `$update`. null: the object has other members. Throws ObjectProblem. */
export function readObjectsEdit(value: RawObject, path: string, merges: boolean): ObjectsEdit | null {
  const keys = Object.keys(value);
  if (keys.length === 0 || !keys.every((key) => operations.has(key))) return null;
  return {
    add: listOf(value, '$add', path, (raw, at) => withoutNulls(readObject(raw, at, 1))),
    remove: listOf(value, '$remove', path, readMatch, MOST_MATCHES),
    update: listOf(
      value,
      '$update',
      path,
      (raw, at) => ({ ...readMatch(raw, at), object: readNewObject(raw, at) }),
      MOST_MATCHES,
    ),
    merges,
  };
}

/** Reads the objects of one operation. A single object counts as a list of one. */
function listOf<T>(
  value: RawObject,
  key: string,
  path: string,
  read: (raw: RawObject, at: string) => T,
  most = Number.POSITIVE_INFINITY,
): T[] {
  const given = own(value, key);
  const list: unknown = isObject(given) ? [given] : (given ?? []);
  if (!Array.isArray(list)) throw new ObjectProblem(`${path}.${key}: expected an array of objects`);
  if (list.length > most) throw new ObjectProblem(`${path}.${key}: expected at most ${most} objects`);
  return list.map((raw: unknown, index) => {
    const at = elementPath(`${path}.${key}`, index);
    if (isObject(raw)) return read(raw, at);
    throw new ObjectProblem(`${at}: expected an object`);
  });
}

function readMatch(raw: RawObject, at: string): Match {
  const key = own(raw, '$identifier_key');
  if (typeof key !== 'string' || key === '')
    throw new ObjectProblem(`${at}.$identifier_key: expected a non-empty text`);
  const value = own(raw, '$identifier_value');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return { key, value };
  throw new ObjectProblem(`${at}.$identifier_value: expected a text, number or boolean`);
}

function readNewObject(raw: RawObject, at: string): JsonObject {
  const object = own(raw, '$new_object');
  if (!isObject(object)) throw new ObjectProblem(`${at}.$new_object: expected an object`);
  return readObject(object, `${at}.$new_object`, 1);
}

/** Applies the change in the original's order: `$add`, then `$remove`, then `$update`. */
export function editObjects(stored: readonly Json[], { add, remove, update, merges }: ObjectsEdit): Json[] {
  const kept = [...stored, ...add].filter((element) => !remove.some((match) => matches(element, match)));
  return update.reduce(
    (elements, { object, ...match }) =>
      elements.map((element) => (matches(element, match) ? updated(element, object, merges) : element)),
    kept,
  );
}

function matches(element: Json, { key, value }: Match): boolean {
  return isObject(element) && Object.hasOwn(element, key) && element[key] === value;
}

function updated(element: Json, object: JsonObject, merges: boolean): Json {
  return merges && isObject(element) ? mergedObject(element as JsonObject, object) : withoutNulls(object);
}
