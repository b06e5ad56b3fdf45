import type { Db } from '../db/database.ts';
import { didYouMean, nearest } from '../lib/raw/did-you-mean.ts';
import { shown } from '../lib/raw/json.ts';
import type { CatalogUseAt } from '../templating/tree.ts';
import { readCatalogsNamed } from './catalogs-store.ts';
import type { ItemCatalog } from './definition.ts';
import { isGoodWord } from './limits.ts';
import { type ItemKey, missingAmong } from './load-items.ts';

export interface CheckedUses {
  /** One sentence for each catalog and selection that the workspace does not have. */
  problems: readonly string[];
  /** One sentence for each item and field that a template names and that its catalog does not have now. */
  warnings: readonly string[];
}

/** Most items that are looked up. */
const MOST_ITEMS = 200;

/** Looks up the catalogs, selections and items that templates name. */
export async function checkUses(db: Db, workspaceId: number, uses: readonly CatalogUseAt[]): Promise<CheckedUses> {
  const named = uses.filter(({ catalog }) => catalog !== null);
  if (named.length === 0) return { problems: [], warnings: [] };
  const names = [...new Set(named.map(({ catalog }) => catalog ?? ''))];
  const catalogs = await readCatalogsNamed(db, workspaceId, names.filter(isGoodWord));
  const problems = named.flatMap(({ path, catalog, selection }) => {
    const found = catalogs.get(catalog ?? '');
    if (found === undefined) return [`${path}: not a valid template: unknown catalog ${shown(catalog ?? '')}`];
    if (selection === null || found.selections.some(({ name }) => name === selection)) return [];
    return [`${path}: not a valid template: unknown selection ${shown(selection)} of catalog ${found.name}`];
  });
  const warnings = [...(await warningsOf(db, named, catalogs)), ...unknownFields(uses, catalogs)];
  return { problems: [...new Set(problems)], warnings };
}

async function warningsOf(
  db: Db,
  uses: readonly CatalogUseAt[],
  catalogs: ReadonlyMap<string, ItemCatalog>,
): Promise<string[]> {
  const wanted = uses.flatMap(({ path, catalog, ids }) => {
    const found = catalogs.get(catalog ?? '');
    return found === undefined ? [] : ids.map((itemId) => ({ path, name: found.name, catalogId: found.id, itemId }));
  });
  const keys = new Map(wanted.slice(0, MOST_ITEMS).map((one): [string, ItemKey] => [keyOf(one), one]));
  if (keys.size === 0) return [];
  const missing = new Set((await missingAmong(db, [...keys.values()])).map(keyOf));
  const sentences = wanted
    .filter((one) => missing.has(keyOf(one)))
    .map(({ path, name, itemId }) => `${path}: catalog ${name} has no item ${shown(itemId)}`);
  return [...new Set(sentences)];
}

/** Fields that none of the catalogs of a template has. A template with a variable for a catalog may mean any. */
function unknownFields(uses: readonly CatalogUseAt[], catalogs: ReadonlyMap<string, ItemCatalog>): string[] {
  const sentences = [...Map.groupBy(uses, ({ path }) => path)].flatMap(([path, its]) => {
    const found = its.map(({ catalog, fields }) => ({ catalog: catalogs.get(catalog ?? ''), fields }));
    const known = new Set(found.flatMap(({ catalog }) => catalog?.fields.map(({ name }) => name) ?? []));
    if (found.some(({ catalog, fields }) => catalog === undefined || fields === undefined)) return [];
    const read = [...new Set(found.flatMap(({ fields = [] }) => fields))];
    const names = [...new Set(found.map(({ catalog }) => catalog?.name))].join(', ');
    return read
      .filter((field) => !known.has(field))
      .map(
        (field) => `${path}: catalog ${names} has no field ${shown(field)}${didYouMean(nearest(field, [...known]))}`,
      );
  });
  return [...new Set(sentences)];
}

function keyOf({ catalogId, itemId }: ItemKey): string {
  return `${catalogId} ${itemId}`;
}
