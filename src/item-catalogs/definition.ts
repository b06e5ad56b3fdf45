import type { Selection } from './selection.ts';

export const fieldTypes = ['string', 'number', 'boolean', 'time', 'object', 'array', 'geo'] as const;
export type FieldType = (typeof fieldTypes)[number];

/** The field `id`, which every catalog has first. Its value is the item's key and not in the item's data. */
export const idField: Field = { token: -1, name: 'id', type: 'string' };

export interface Field {
  /** The key of its values in stored items. It is not used again after the field is deleted. */
  token: number;
  name: string;
  type: FieldType;
}

/** A caller's field that has no token yet. */
export type NewField = Omit<Field, 'token'>;

/** The definition of one catalog. */
export interface ItemCatalog {
  id: number;
  name: string;
  description: string;
  /** All fields in order, `id` first. */
  fields: readonly Field[];
  selections: readonly Selection[];
  /** Changes with fields and selections. */
  version: number;
}

/** What is counted of a catalog beside its definition. */
export interface CatalogTotals {
  itemCount: number;
  /** Sum of the JSON texts of the items. */
  sizeBytes: number;
  /** Last change of the definition or an item. */
  updatedAt: Date;
}

export function fieldNamed(fields: readonly Field[], name: string): Field | undefined {
  return fields.find((field) => field.name === name);
}

/** Gives each new field the next token. */
export function withTokens(fields: readonly NewField[], nextToken: number): Field[] {
  return fields.map(({ name, type }, index) => ({ token: nextToken + index, name, type }));
}
