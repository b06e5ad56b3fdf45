import { isObject, own, type RawObject } from '../lib/raw/json.ts';
import { isStorable } from '../lib/raw/storable.ts';
import { type FieldType, fieldTypes, type NewField } from './definition.ts';
import {
  isPlainWord,
  MOST_DESCRIPTION_CHARACTERS,
  MOST_FIELDS,
  MOST_NAME_CHARACTERS,
  MOST_NEW_FIELDS,
} from './limits.ts';
import { CatalogProblems, type ProblemKind, refusal } from './problems.ts';

export interface NewCatalog {
  name: string;
  description: string;
  /** Without `id`. */
  fields: readonly NewField[];
}

/** Reads the body of POST /catalogs. Throws CatalogRefusal with all problems. */
export function readNewCatalog(body: RawObject): NewCatalog {
  const list = own(body, 'catalogs');
  if (!Array.isArray(list) || !list.every(isObject)) throw refusal('catalog-array-invalid', { parameter: 'catalogs' });
  const [raw] = list;
  if (raw === undefined) throw refusal('catalog-array-invalid', { parameter: 'catalogs' });
  if (list.length > 1)
    throw refusal('too-many-catalog-atoms', { parameter: 'catalogs', values: [String(list.length)] });
  const problems = new CatalogProblems();
  const name = readName(own(raw, 'name'), problems);
  const description = readDescription(own(raw, 'description'), problems);
  const fields = readFields(own(raw, 'fields'), problems);
  if (fields.length > MOST_FIELDS)
    problems.add('too-many-fields', { parameter: 'fields', values: [String(fields.length)] });
  const [first, ...others] = fields;
  if (first !== undefined && !isIdField(first))
    problems.add('id-not-first-column', { parameter: 'fields', values: [first.name] });
  problems.throwIfAny();
  return { name, description, fields: others };
}

/** Reads the body of POST /catalogs/{name}/fields. Throws CatalogRefusal with all problems. */
export function readNewFields(body: RawObject): NewField[] {
  const list = own(body, 'fields');
  if (Array.isArray(list) && list.length > MOST_NEW_FIELDS)
    throw refusal('request-includes-too-many-fields', { parameter: 'fields', values: [String(list.length)] });
  const problems = new CatalogProblems();
  const fields = readFields(list, problems);
  problems.throwIfAny();
  return fields;
}

/** The problem of a word as a name, if any. */
export function problemOfWord(word: string, { tooLarge, invalid }: Record<'tooLarge' | 'invalid', ProblemKind>) {
  if (word.length > MOST_NAME_CHARACTERS) return tooLarge;
  return isPlainWord(word) ? null : invalid;
}

function readName(value: unknown, problems: CatalogProblems): string {
  const name = typeof value === 'string' ? value : '';
  const problem = problemOfWord(name, { tooLarge: 'catalog-name-too-large', invalid: 'invalid-catalog-name' });
  if (problem !== null) problems.add(problem, { parameter: 'name', values: [name] });
  return name;
}

/** A description that is absent or null is empty. Other values than texts count as too long, which the original has no word for. */
function readDescription(value: unknown, problems: CatalogProblems): string {
  const description = value ?? '';
  if (typeof description === 'string' && isStorable(description)) {
    if (description.length <= MOST_DESCRIPTION_CHARACTERS) return description;
    problems.add('description-too-long', { parameter: 'description', values: [description] });
    return '';
  }
  problems.add('description-too-long', {
    parameter: 'description',
    message: 'The description must be a text of at most 250 characters',
  });
  return '';
}

function readFields(list: unknown, problems: CatalogProblems): NewField[] {
  const raws = Array.isArray(list) ? list : [];
  const isReadable = raws.length > 0 && raws.every((raw) => isObject(raw) && typeof own(raw, 'name') === 'string');
  if (!isReadable) {
    problems.add('invalid-fields', { parameter: 'fields' });
    return [];
  }
  // The list of a hostile body may have a hundred thousand fields.
  const fields = raws.slice(0, MOST_FIELDS + 1).map((raw: RawObject) => ({
    name: String(own(raw, 'name')),
    type: own(raw, 'type'),
  }));
  for (const { name, type } of fields) {
    const problem = problemOfWord(name, { tooLarge: 'field-names-too-large', invalid: 'invalid-field-names' });
    if (problem !== null) problems.add(problem, { parameter: 'fields', values: [name] });
    if (!isFieldType(type)) problems.add('invalid-field-types', { parameter: 'fields', values: [name] });
  }
  const repeated = firstRepeated(fields.map(({ name }) => name));
  if (repeated !== null) problems.add('field-names-not-unique', { parameter: 'fields', values: [repeated] });
  return fields.map(({ name, type }) => ({ name, type: isFieldType(type) ? type : 'string' }));
}

function isFieldType(type: unknown): type is FieldType {
  return fieldTypes.some((known) => known === type);
}

export function firstRepeated(names: readonly string[]): string | null {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size) ?? null;
}

function isIdField({ name, type }: NewField): boolean {
  return name === 'id' && type === 'string';
}
