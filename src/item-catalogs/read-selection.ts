import { isObject, own, type RawObject } from '../lib/raw/json.ts';
import { isStorable } from '../lib/raw/storable.ts';
import { isTemplate } from '../templating/template.ts';
import { type FieldType, fieldNamed, type ItemCatalog } from './definition.ts';
import { MOST_FILTERS, MOST_RESULTS, MOST_VALUE_CHARACTERS } from './limits.ts';
import { type ProblemKind, refusal } from './problems.ts';
import { problemOfWord } from './read-definition.ts';
import type { Selection, SelectionFilter } from './selection.ts';
import { isDegrees, readValue } from './values.ts';

export const selectionSources = ['Braze', 'Shopify'] as const;
export const sortOrders = ['asc', 'desc'] as const;

/** The operators of each type, with the type that their value is converted to. Source: catalogs.md §5. */
const operators: Readonly<Record<FieldType, Readonly<Record<string, FieldType>>>> = {
  string: { equals: 'string', 'does not equal': 'string' },
  number: { equals: 'number', 'does not equal': 'number', 'greater than': 'number', 'less than': 'number' },
  boolean: { is: 'boolean' },
  time: { before: 'time', after: 'time' },
  array: { 'includes value': 'string', 'does not include value': 'string' },
  geo: { 'geo within': 'geo', 'geo outside': 'geo' },
  object: {},
};

/** The type of an operator's value. undefined: fields of the type do not have the operator. */
export function operandType(type: FieldType, operator: string): FieldType | undefined {
  return own(operators[type], operator);
}

/** Reads the body of POST /catalogs/{name}/selections. Throws CatalogRefusal. */
export function readSelection(body: RawObject, catalog: ItemCatalog): Selection {
  const raw = own(body, 'selection');
  if (!isObject(raw)) throw refusal('invalid-selection', { parameter: 'selection' });
  const name = own(raw, 'name');
  const word = { tooLarge: 'invalid-selection', invalid: 'invalid-selection' } as const;
  if (typeof name !== 'string' || problemOfWord(name, word) !== null)
    throw refusal('invalid-selection', {
      parameter: 'name',
      values: typeof name === 'string' ? [name] : [],
      message: 'The name must have 1 to 250 letters, digits, hyphens and underscores',
    });
  const filters = readFilters(own(raw, 'filters'), catalog);
  const limit = own(raw, 'results_limit');
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > MOST_RESULTS)
    throw refusal('selection-invalid-results-limit', { parameter: 'results_limit' });
  return {
    name,
    description: readNote(raw, 'description'),
    external_id: readNote(raw, 'external_id'),
    source: readSource(own(raw, 'source')),
    filters,
    results_limit: limit,
    ...readSorting(raw, catalog),
  };
}

function readNote(raw: RawObject, key: string): string | null {
  const value = own(raw, key) ?? null;
  const isGood = value === null || (typeof value === 'string' && value.length <= 1_000 && isStorable(value));
  if (!isGood)
    throw refusal('invalid-selection', {
      parameter: key,
      message: `'${key}' must be a text of at most 1,000 characters`,
    });
  return value;
}

function readSource(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const source = selectionSources.find((known) => known === value);
  if (source !== undefined) return source;
  throw refusal('invalid-selection', { parameter: 'source', message: "'source' must be 'Braze' or 'Shopify'" });
}

function readSorting(raw: RawObject, { fields }: ItemCatalog): Pick<Selection, 'sort_field' | 'sort_order'> {
  const [name, order] = [own(raw, 'sort_field') ?? null, own(raw, 'sort_order') ?? null];
  const sortOrder = sortOrders.find((known) => known === order) ?? null;
  if (order !== sortOrder) throw refusal('invalid-sort-order', { parameter: 'sort_order' });
  if (name === null) return { sort_field: null, sort_order: sortOrder };
  const field = typeof name === 'string' ? fieldNamed(fields, name) : undefined;
  const details = { parameter: 'sort_field', values: typeof name === 'string' ? [name] : [] };
  if (field === undefined) throw refusal('invalid-sort-field', details);
  if (['object', 'array', 'geo'].includes(field.type)) throw refusal('invalid-sorting', details);
  return { sort_field: field.name, sort_order: sortOrder };
}

function readFilters(list: unknown, catalog: ItemCatalog): SelectionFilter[] {
  if (!Array.isArray(list)) throw refusal('invalid-selection', { parameter: 'filters' });
  if (list.length > MOST_FILTERS)
    throw refusal('too-many-filters', { parameter: 'filters', values: [String(list.length)] });
  const filters = list.map((raw) => readFilter(raw, catalog));
  if (filters.filter(({ field }) => fieldNamed(catalog.fields, field)?.type === 'array').length > 1)
    throw refusal('selection-contains-too-many-arrays', { parameter: 'filters' });
  return filters;
}

function readFilter(raw: unknown, { fields }: ItemCatalog): SelectionFilter {
  const [name, operator, value] = isObject(raw) ? ['field', 'operator', 'value'].map((key) => own(raw, key)) : [];
  const field = typeof name === 'string' ? fieldNamed(fields, name) : undefined;
  const type = field === undefined || typeof operator !== 'string' ? undefined : operandType(field.type, operator);
  const kind: ProblemKind = 'selection-has-invalid-filter';
  if (field === undefined || type === undefined || typeof operator !== 'string' || !isOperand(type, value))
    throw refusal(kind, { parameter: 'filters', values: typeof name === 'string' ? [name] : [] });
  return { field: field.name, operator, value };
}

/** Whether the value can be compared, or may be once its Liquid is rendered. */
function isOperand(type: FieldType, value: unknown): boolean {
  if (typeof value === 'string' && isTemplate(value)) return isGoodTemplate(value);
  if (type === 'geo') return isArea(value);
  return readValue(type, value).ok;
}

function isGoodTemplate(text: string): boolean {
  return text.length <= MOST_VALUE_CHARACTERS && isStorable(text);
}

/** Whether it is `{center, radius, unit}`. The center may be Liquid. */
function isArea(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length !== 3) return false;
  const [center, radius, unit] = ['center', 'radius', 'unit'].map((key) => own(value, key));
  const isCenter = typeof center === 'string' ? isTemplate(center) && isGoodTemplate(center) : isPlace(center);
  return isCenter && typeof radius === 'number' && radius > 0 && (unit === 'km' || unit === 'mi');
}

function isPlace(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && isDegrees(value[0], 180) && isDegrees(value[1], 90);
}
