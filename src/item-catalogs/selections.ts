import type { Db, Transactor } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { RawObject } from '../lib/raw/json.ts';
import { type CatalogKey, changeDefinition } from './catalogs-store.ts';
import { fieldNamed, type ItemCatalog } from './definition.ts';
import { MOST_FILTERED_CHARACTERS, MOST_SELECTIONS } from './limits.ts';
import { refusal } from './problems.ts';
import { readSelection } from './read-selection.ts';
import type { Selection } from './selection.ts';

/** Adds the selection of a body to a catalog. Throws CatalogRefusal. */
export function addSelection(
  db: Transactor,
  key: CatalogKey,
  { body, now }: { body: RawObject; now: Date },
): Promise<void> {
  return changeDefinition(db, {
    key,
    now,
    async change(tx, catalog, nextToken) {
      const { fields, selections } = catalog;
      const selection = readSelection(body, catalog);
      if (selections.some(({ name }) => name === selection.name))
        throw refusal('selection-name-already-exists', { parameter: 'name', values: [selection.name] });
      if (selections.length >= MOST_SELECTIONS) throw refusal('selection-limit-reached', { parameter: 'selection' });
      await refuseLongTexts(tx, catalog, selection);
      return { fields: fields.slice(1), selections: [...selections, selection], nextToken };
    },
  });
}

/** Looks at all items of the catalog, once for each text that is filtered. */
async function refuseLongTexts(tx: Db, { id, fields }: ItemCatalog, { filters }: Selection): Promise<void> {
  for (const name of new Set(filters.map(({ field }) => field))) {
    const field = fieldNamed(fields, name);
    if (field?.type !== 'string' || field.name === 'id') continue;
    const { isLong } = await tx.one<{ isLong: boolean }>(sql`
      select exists (select
                       from catalog_items
                      where catalog_id = ${id} and bytes > ${MOST_FILTERED_CHARACTERS}
                        and length(data ->> ${String(field.token)}) > ${MOST_FILTERED_CHARACTERS}) as "isLong"`);
    if (isLong)
      throw refusal('selection-has-invalid-filter', {
        parameter: 'filters',
        values: [name],
        message: `An item has more than ${MOST_FILTERED_CHARACTERS} characters in a field that is filtered`,
      });
  }
}

/** Deletes a selection. Throws CatalogRefusal. */
export function deleteSelection(
  db: Transactor,
  key: CatalogKey,
  { selectionName, now }: { selectionName: string; now: Date },
): Promise<void> {
  return changeDefinition(db, {
    key,
    now,
    change(_tx, { fields, selections }, nextToken) {
      const kept = selections.filter(({ name }) => name !== selectionName);
      if (kept.length === selections.length)
        throw refusal('selection-not-found', { parameter: 'selection_name', values: [selectionName] });
      return { fields: fields.slice(1), selections: kept, nextToken };
    },
  });
}
