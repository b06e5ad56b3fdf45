import { emptyMap, withEntry, withoutEntry } from '../../lib/lazy-map.ts';
import { elementPath, isObject, type Json, memberPath, own, type RawObject } from '../../lib/raw/json.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { readStoredTime } from '../../lib/time/times.ts';
import type { Remarks } from '../remarks.ts';
import { readShortText } from '../stored-text.ts';
import { type NestedTimes, timesInside } from './nested/nested-times.ts';
import {
  isTime,
  type JsonObject,
  mergedObject,
  readJson,
  readNumber,
  readObject,
  readTime,
  withoutNulls,
} from './nested/nested-values.ts';
import { editObjects, type ObjectsEdit, readObjectsEdit } from './nested/object-arrays.ts';

/** The change that a request makes to one custom attribute. */
export type CustomChange =
  | { kind: 'set'; value: Json; timeMs: number | null }
  | { kind: 'remove' }
  | { kind: 'increment'; by: number }
  | { kind: 'edit_array'; add: Json[]; remove: Json[] }
  | { kind: 'edit_objects'; edit: ObjectsEdit }
  | { kind: 'merge'; value: JsonObject };

/** The most elements of an array without objects. A longer array loses its oldest elements, and that is said. */
export const maxArrayLength = 500;
const maxNestedBytes = 100 * 1024;

/** Reads the new value of a custom attribute, or the operation on its stored value. Throws ObjectProblem. */
export function readCustomChange(value: unknown, path: string, mergesObjects: boolean): CustomChange {
  if (value === null) return { kind: 'remove' };
  if (Array.isArray(value)) return { kind: 'set', value: readArray(value, path), timeMs: null };
  if (!isObject(value)) return readScalar(value, path);
  if (isTime(value)) return readScalar(readTime(value, path), path);
  const edit = readObjectsEdit(value, path, mergesObjects);
  if (edit !== null) return { kind: 'edit_objects', edit };
  return readOperation(value, path) ?? readNested(value, path, mergesObjects);
}

function readScalar(value: unknown, path: string): CustomChange {
  if (typeof value === 'boolean') return { kind: 'set', value, timeMs: null };
  if (typeof value === 'number') return { kind: 'set', value: readNumber(value, path), timeMs: null };
  const text = readShortText(value, path);
  return { kind: 'set', value: text, timeMs: readStoredTime(text) };
}

function readOperation(value: RawObject, path: string): CustomChange | null {
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === 'inc') {
    const by = own(value, 'inc');
    if (!Number.isSafeInteger(by)) throw new ObjectProblem(`${path}.inc: expected an integer`);
    return { kind: 'increment', by: Number(by) };
  }
  const isEdit =
    keys.length > 0 && keys.every((key) => (key === 'add' || key === 'remove') && Array.isArray(value[key]));
  if (!isEdit) return null;
  return { kind: 'edit_array', add: readElements(value, 'add', path), remove: readElements(value, 'remove', path) };
}

function readElements(value: RawObject, key: string, path: string): Json[] {
  const elements = own(value, key);
  return Array.isArray(elements) ? readArray(elements, `${path}.${key}`) : [];
}

function readArray(value: readonly unknown[], path: string): Json[] {
  const elements = value.map((element, index) => {
    if (element === null || Array.isArray(element)) {
      throw new ObjectProblem(`${elementPath(path, index)}: expected a text, number, boolean or object`);
    }
    return readJson(element, elementPath(path, index), 1);
  });
  if (elements.some(isObject)) refuseOversize(elements, path);
  return elements;
}

function readNested(value: RawObject, path: string, mergesObjects: boolean): CustomChange {
  const object = readObject(value, path, 1);
  refuseOversize(object, path);
  return mergesObjects ? { kind: 'merge', value: object } : { kind: 'set', value: withoutNulls(object), timeMs: null };
}

export function refuseOversize(value: Json, path: string): void {
  if (Buffer.byteLength(JSON.stringify(value)) > maxNestedBytes)
    throw new ObjectProblem(`${path}: expected at most 100 KB`);
}

/** The custom attributes of one person, by name. */
export interface CustomAttributes {
  values: ReadonlyMap<string, Json>;
  /** The values that are times, in milliseconds since 1970. */
  times: ReadonlyMap<string, number>;
  /** The times inside the values that are objects or arrays. Values without times have no entry. */
  nestedTimes: ReadonlyMap<string, NestedTimes>;
  /** The JSON text of `values`, as an object. Absent: it was not written yet. */
  text?: string;
}

export const noCustomAttributes: CustomAttributes = { values: new Map(), times: new Map(), nestedTimes: new Map() };

/** Applies the changes in order. A change that does not fit the stored value is left out, and `remarks` names it. */
export function changeCustom(
  before: CustomAttributes,
  changes: ReadonlyMap<string, CustomChange>,
  remarks: Remarks,
): CustomAttributes {
  const values = new Map(before.values);
  // Most people have few times or none, so their maps are copied only if there is something in them.
  let times = copyOf(before.times);
  let nestedTimes = copyOf(before.nestedTimes);
  for (const [name, change] of changes) {
    const changed = isScalarSet(change)
      ? change
      : remarks.keep(() => ({ value: changedValue(values.get(name), change, memberPath('', name), remarks) }));
    if (changed === undefined) continue;
    times = withoutEntry(times, name);
    nestedTimes = withoutEntry(nestedTimes, name);
    if (changed.value === undefined) values.delete(name);
    else values.set(name, changed.value);
    const inside = changed.value === undefined ? null : timesInside(changed.value);
    if (inside !== null) nestedTimes = withEntry(nestedTimes, name, inside);
    if (change.kind === 'set' && change.timeMs !== null) times = withEntry(times, name, change.timeMs);
  }
  return { values, times, nestedTimes };
}

function copyOf<Key, Value>(map: ReadonlyMap<Key, Value>): ReadonlyMap<Key, Value> {
  return map.size === 0 ? emptyMap() : new Map(map);
}

/** Whether the change is the most frequent one, which always fits: a value without parts. */
function isScalarSet(change: CustomChange): change is CustomChange & { kind: 'set' } {
  return change.kind === 'set' && typeof change.value !== 'object';
}

function changedValue(
  stored: Json | undefined,
  change: CustomChange,
  path: string,
  remarks: Remarks,
): Json | undefined {
  switch (change.kind) {
    case 'remove':
      return undefined;
    case 'set':
      return Array.isArray(change.value) ? shortenArray(change.value, path, remarks) : change.value;
    case 'increment':
      return incremented(stored, change.by, path);
    case 'edit_array':
      return shortenArray(editedArray(stored, change, path), path, remarks);
    case 'edit_objects': {
      const edited = editObjects(storedArray(stored, path, '$add, $remove and $update need'), change.edit);
      refuseOversize(edited, path);
      return edited;
    }
    case 'merge': {
      const merged = mergedObject(isObject(stored) ? stored : {}, change.value);
      refuseOversize(merged, path);
      return merged;
    }
  }
}

function incremented(stored: Json | undefined, by: number, path: string): number {
  if (stored !== undefined && typeof stored !== 'number') throw new ObjectProblem(`${path}: inc needs a stored number`);
  const sum = (stored ?? 0) + by;
  if (Math.abs(sum) > Number.MAX_SAFE_INTEGER) throw new ObjectProblem(`${path}: the incremented number is too large`);
  return sum;
}

function editedArray(stored: Json | undefined, { add, remove }: { add: Json[]; remove: Json[] }, path: string): Json[] {
  const removed = new Set(remove.map(elementKey));
  const edited = [...storedArray(stored, path, 'add and remove need'), ...add].filter(
    (element) => !removed.has(elementKey(element)),
  );
  if (edited.some(isObject)) refuseOversize(edited, path);
  return edited;
}

function storedArray(stored: Json | undefined, path: string, need: string): Json[] {
  if (stored === undefined) return [];
  if (Array.isArray(stored)) return stored;
  throw new ObjectProblem(`${path}: ${need} a stored array`);
}

/** Keeps each scalar only where it occurs last. Of an array without objects, keeps at most the newest 500 elements. */
function shortenArray(elements: Json[], path: string, remarks: Remarks): Json[] {
  if (elements.length <= maxArrayLength && new Set(elements).size === elements.length) return elements;
  const last = new Map(elements.map((element, index) => [elementKey(element), index]));
  const unique = elements.filter(
    (element, index) => typeof element === 'object' || last.get(elementKey(element)) === index,
  );
  const over = unique.length - maxArrayLength;
  if (over <= 0 || unique.some(isObject)) return unique;
  remarks.add(`${path}: expected at most ${maxArrayLength} elements; the oldest ${over} were dropped`);
  return unique.slice(over);
}

function elementKey(element: Json): string {
  return JSON.stringify(element);
}
