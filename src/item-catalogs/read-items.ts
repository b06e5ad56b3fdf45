import { isObject, own, type RawObject } from '../lib/raw/json.ts';
import type { Field, FieldType, ItemCatalog } from './definition.ts';
import {
  isPlainWord,
  MOST_ARRAY_CHANGES,
  MOST_FILTERED_CHARACTERS,
  MOST_ITEMS_PER_REQUEST,
  MOST_NAME_CHARACTERS,
} from './limits.ts';
import { CatalogProblems, type ProblemKind, refusal } from './problems.ts';
import { readValue, textsOf } from './values.ts';

/** What a request says of one item. */
export interface ItemChange {
  itemId: string;
  /** Field token → value. */
  values: Readonly<Record<string, unknown>>;
  /** Tokens of the fields that are null. */
  emptied: readonly string[];
  /** Arrays of which elements are removed and added. */
  arrays: readonly ArrayChange[];
}

export interface ArrayChange {
  token: string;
  remove: readonly string[];
  add: readonly string[];
}

export type WriteKind = 'create' | 'update' | 'replace';

const MOST_SHOWN_IDS = 10;

/** Reads the ids of the items of a bulk request. Throws CatalogRefusal. */
export function readItemIds(body: RawObject): string[] {
  return checkedIds(readList(body)).map(({ itemId }) => itemId);
}

/** Reads the items of a bulk request, each with its id. Throws CatalogRefusal. */
export function readItems(body: RawObject, catalog: ItemCatalog, kind: WriteKind): ItemChange[] {
  return readChanges(checkedIds(readList(body)), catalog, kind);
}

/** Reads the item of a request whose path has the id. Throws CatalogRefusal. */
export function readItem(body: RawObject, itemId: string, catalog: ItemCatalog, kind: WriteKind): ItemChange {
  const list = readList(body);
  const [raw] = list;
  if (raw === undefined) throw refusal('item-array-invalid', { parameter: 'items' });
  if (list.length > 1)
    throw refusal('request-includes-too-many-items', { parameter: 'items', values: [String(list.length)] });
  if (own(raw, 'id') !== undefined) throw refusal('id-in-body', { parameter: 'id', values: [textOf(own(raw, 'id'))] });
  checkId(itemId);
  const [change] = readChanges([{ itemId, raw }], catalog, kind);
  if (change === undefined) throw new Error('an item was lost');
  return change;
}

/** Throws CatalogRefusal unless the text may be the id of an item. */
function checkId(itemId: string): void {
  const kind = problemOfId(itemId);
  if (kind !== null) throw refusal(kind, { parameter: 'id', values: [itemId] });
}

function problemOfId(itemId: string): ProblemKind | null {
  if (itemId.length > MOST_NAME_CHARACTERS) return 'ids-too-large';
  return isPlainWord(itemId) ? null : 'invalid-ids';
}

function readList(body: RawObject): RawObject[] {
  const list = own(body, 'items');
  if (!Array.isArray(list) || !list.every(isObject)) throw refusal('item-array-invalid', { parameter: 'items' });
  if (list.length > MOST_ITEMS_PER_REQUEST)
    throw refusal('request-includes-too-many-items', { parameter: 'items', values: [String(list.length)] });
  return list;
}

interface RawItem {
  itemId: string;
  raw: RawObject;
}

function checkedIds(list: readonly RawObject[]): RawItem[] {
  const items = list.map((raw) => ({ raw, id: own(raw, 'id') }));
  const missing = items.filter(({ id }) => id === undefined || id === null).length;
  if (missing > 0) throw refusal('items-missing-ids', { message: `There are ${missing} item(s) that do not have ids` });
  const others = items.filter(({ id }) => typeof id !== 'string').map(({ id }) => textOf(id));
  if (others.length > 0) throw wrongIds('ids-not-strings', others);
  const ids = items.map(({ id }) => String(id));
  for (const kind of ['ids-too-large', 'invalid-ids'] as const) {
    const wrong = ids.filter((id) => problemOfId(id) === kind);
    if (wrong.length > 0) throw wrongIds(kind, wrong);
  }
  const repeated = [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
  if (repeated.length > 0) throw wrongIds('ids-not-unique', repeated);
  return items.map(({ raw }, index) => ({ raw, itemId: ids[index] ?? '' }));
}

function wrongIds(kind: ProblemKind, ids: readonly string[]) {
  return refusal(kind, { parameter: 'id', values: ids.slice(0, MOST_SHOWN_IDS) });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function readChanges(items: readonly RawItem[], catalog: ItemCatalog, kind: WriteKind): ItemChange[] {
  const problems = new CatalogProblems();
  const filtered = filteredTexts(catalog);
  const fields = new Map(catalog.fields.map((field) => [field.name, field]));
  const changes = items.map((item) => readChange(item, { fields, kind, filtered, problems }));
  const arrays = changes.reduce((sum, change) => sum + change.arrays.length, 0);
  if (arrays > MOST_ARRAY_CHANGES)
    problems.add('request-includes-too-many-items', {
      parameter: 'items',
      message: `The request changes more than ${MOST_ARRAY_CHANGES} arrays by $add and $remove`,
    });
  problems.throwIfAny();
  return changes;
}

/** Tokens of the text fields that selections filter. */
function filteredTexts({ fields, selections }: ItemCatalog): ReadonlySet<number> {
  const names = new Set(selections.flatMap(({ filters }) => filters.map(({ field }) => field)));
  return new Set(fields.filter(({ name, type }) => type === 'string' && names.has(name)).map(({ token }) => token));
}

interface Reading {
  fields: ReadonlyMap<string, Field>;
  kind: WriteKind;
  filtered: ReadonlySet<number>;
  problems: CatalogProblems;
}

function readChange({ itemId, raw }: RawItem, { fields, kind, filtered, problems }: Reading): ItemChange {
  const values: Record<string, unknown> = {};
  const emptied: string[] = [];
  const arrays: ArrayChange[] = [];
  const refuse = (problem: ProblemKind, field: string) =>
    problems.add(problem, { parameter: 'id', values: [itemId], field });
  for (const [name, given] of Object.entries(raw)) {
    if (name === 'id') continue;
    const field = fields.get(name);
    if (field === undefined) {
      const message = 'Some of the fields given do not exist in the catalog';
      problems.add('invalid-fields', { parameter: 'id', values: [itemId], field: name, message });
      continue;
    }
    const token = String(field.token);
    if (given === null) {
      emptied.push(token);
      continue;
    }
    const change = kind === 'update' ? readArrayChange(field.type, given, token) : null;
    if (change !== null) {
      arrays.push(change);
      continue;
    }
    const reading = readValue(field.type, given);
    if (!reading.ok) refuse(reading.problem, name);
    else if (isOverFilterLimit(reading.value, field, filtered)) refuse('filtered-set-field-too-long', name);
    else values[token] = reading.value;
  }
  return { itemId, values, emptied, arrays };
}

function isOverFilterLimit(value: unknown, { token }: Field, filtered: ReadonlySet<number>): boolean {
  return typeof value === 'string' && value.length > MOST_FILTERED_CHARACTERS && filtered.has(token);
}

/** Reads `{"$add":[…],"$remove":[…]}`. null: it is no such object. */
function readArrayChange(type: FieldType, given: unknown, token: string): ArrayChange | null {
  if (type !== 'array' || !isObject(given)) return null;
  const keys = Object.keys(given);
  if (keys.length === 0 || !keys.every((key) => key === '$add' || key === '$remove')) return null;
  const [remove, add] = [listOf(own(given, '$remove')), listOf(own(given, '$add'))];
  return remove === null || add === null ? null : { token, remove, add };
}

function listOf(value: unknown): string[] | null {
  if (value === undefined) return [];
  return Array.isArray(value) ? textsOf(value) : null;
}
