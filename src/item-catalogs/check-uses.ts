import type { Db } from '../db/database.ts';
import { shown } from '../lib/raw/json.ts';
import type { CatalogUseAt } from '../templating/tree.ts';
import { readCatalogsNamed } from './catalogs-store.ts';
import { isGoodWord } from './limits.ts';

/** One sentence for each catalog and selection that templates name and the workspace does not have. */
export async function problemsOfUses(db: Db, workspaceId: number, uses: readonly CatalogUseAt[]): Promise<string[]> {
  const named = uses.filter(({ catalog }) => catalog !== null);
  if (named.length === 0) return [];
  const names = [...new Set(named.map(({ catalog }) => catalog ?? ''))];
  const catalogs = await readCatalogsNamed(db, workspaceId, names.filter(isGoodWord));
  const problems = named.flatMap(({ path, catalog, selection }) => {
    const found = catalogs.get(catalog ?? '');
    if (found === undefined) return [`${path}: not a valid template: unknown catalog ${shown(catalog ?? '')}`];
    if (selection === null || found.selections.some(({ name }) => name === selection)) return [];
    return [`${path}: not a valid template: unknown selection ${shown(selection)} of catalog ${found.name}`];
  });
  return [...new Set(problems)];
}
