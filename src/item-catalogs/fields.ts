import type { Transactor } from '../db/database.ts';
import { type CatalogKey, changeDefinition } from './catalogs-store.ts';
import { fieldNamed, type NewField, withTokens } from './definition.ts';
import { MOST_FIELDS } from './limits.ts';
import { refusal } from './problems.ts';
import { firstRepeated } from './read-definition.ts';

/** Adds fields to a catalog. Throws CatalogRefusal. */
export function addFields(
  db: Transactor,
  key: CatalogKey,
  { fields: added, now }: { fields: readonly NewField[]; now: Date },
): Promise<void> {
  return changeDefinition(db, {
    key,
    now,
    change(_tx, { fields, selections }, nextToken) {
      const repeated = firstRepeated([...fields, ...added].map(({ name }) => name));
      if (repeated !== null) throw refusal('field-names-not-unique', { parameter: 'fields', values: [repeated] });
      const count = fields.length + added.length;
      if (count > MOST_FIELDS)
        throw refusal('catalog-exceeds-fields-limit', { parameter: 'fields', values: [String(count)] });
      const all = [...fields.slice(1), ...withTokens(added, nextToken)];
      return { fields: all, selections, nextToken: nextToken + added.length };
    },
  });
}

/** Deletes a field. Its values stay in the stored items, where nobody can see them. Throws CatalogRefusal. */
export function deleteField(
  db: Transactor,
  key: CatalogKey,
  { fieldName, now }: { fieldName: string; now: Date },
): Promise<void> {
  return changeDefinition(db, {
    key,
    now,
    change(_tx, { fields, selections }, nextToken) {
      const details = { parameter: 'field_name', values: [fieldName] };
      const field = fieldNamed(fields.slice(1), fieldName);
      if (field === undefined) throw refusal('invalid-field-name', details);
      const isUsed = selections.some(
        ({ filters, sort_field }) => sort_field === fieldName || filters.some((filter) => filter.field === fieldName),
      );
      if (isUsed) throw refusal('field-referenced-by-selection', details);
      return { fields: fields.slice(1).filter((one) => one !== field), selections, nextToken };
    },
  });
}
