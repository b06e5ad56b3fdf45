import type { Db, Transactor } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { type CatalogTotals, type Field, type ItemCatalog, idField, withTokens } from './definition.ts';
import { MOST_CATALOGS, MOST_DEFINITION_BYTES } from './limits.ts';
import { catalogNotFound, refusal } from './problems.ts';
import type { NewCatalog } from './read-definition.ts';
import type { Selection } from './selection.ts';

/** Names a catalog of a workspace. */
export interface CatalogKey {
  workspaceId: number;
  name: string;
}

export type CountedCatalog = ItemCatalog & CatalogTotals;

interface CatalogRow extends Record<string, unknown> {
  id: number;
  name: string;
  description: string;
  fields: Field[];
  selections: Selection[];
  version: number;
  items: number;
  bytes: number;
  updated_at: Date;
}

const columns = sql`
  c.id, c.name, c.description, c.fields, c.selections, t.version, t.items, t.bytes,
  greatest(c.updated_at, t.changed_at) as updated_at`;

/** All catalogs of a workspace, oldest first. Their number and their size together are limited. */
export async function listCatalogs(db: Db, workspaceId: number): Promise<CountedCatalog[]> {
  const rows = await db.query<CatalogRow>(sql`
    select ${columns}
      from item_catalogs c
      join item_totals t on t.catalog_id = c.id
     where c.workspace_id = ${workspaceId} and c.deleted_at is null
     order by c.id`);
  return rows.map(catalogOf);
}

/** Throws CatalogRefusal if there is no such catalog. */
export async function readCatalog(db: Db, key: CatalogKey): Promise<CountedCatalog> {
  const row = await db.maybeOne<CatalogRow>(sql`
    select ${columns}
      from item_catalogs c
      join item_totals t on t.catalog_id = c.id
     where ${named(key)}`);
  if (row === null) throw catalogNotFound(key.name);
  return catalogOf(row);
}

/** The catalogs with these names, by name. Unknown ones are missing. */
export async function readCatalogsNamed(
  db: Db,
  workspaceId: number,
  names: readonly string[],
): Promise<Map<string, ItemCatalog>> {
  const rows = await db.query<CatalogRow>(sql`
    select ${columns}
      from item_catalogs c
      join item_totals t on t.catalog_id = c.id
     where c.workspace_id = ${workspaceId} and c.name = any(${names}::text[]) and c.deleted_at is null`);
  return new Map(rows.map((row) => [row.name, catalogOf(row)]));
}

function named({ workspaceId, name }: CatalogKey): Sql {
  return sql`c.workspace_id = ${workspaceId} and c.name = ${name} and c.deleted_at is null`;
}

function catalogOf(row: CatalogRow): CountedCatalog {
  const { id, name, description, fields, selections, version } = row;
  return {
    ...{ id, name, description, selections, version },
    fields: [idField, ...fields],
    itemCount: row.items,
    sizeBytes: row.bytes,
    updatedAt: row.updated_at,
  };
}

/** Creates a catalog. Throws CatalogRefusal. */
export function createCatalog(
  db: Transactor,
  workspaceId: number,
  { catalog, now }: { catalog: NewCatalog; now: Date },
): Promise<CountedCatalog> {
  const { name, description } = catalog;
  const fields = withTokens(catalog.fields, 0);
  return db.transaction(async (tx) => {
    const row = await tx.maybeOne<{ id: number }>(sql`
      insert into item_catalogs (workspace_id, name, description, fields, next_token, created_at, updated_at)
      values (${workspaceId}, ${name}, ${description}, ${JSON.stringify(fields)}::jsonb, ${fields.length}, ${now}, ${now})
          on conflict (workspace_id, name) where deleted_at is null do nothing
      returning id`);
    if (row === null) throw refusal('catalog-name-already-exists', { parameter: 'name', values: [name] });
    await tx.run(sql`insert into item_totals (catalog_id, changed_at) values (${row.id}, ${now})`);
    await checkDefinitions(tx, workspaceId);
    return readCatalog(tx, { workspaceId, name });
  });
}

/** Deletes a catalog with its fields and selections. Housekeeping deletes its items. Throws CatalogRefusal. */
export function deleteCatalog(db: Transactor, key: CatalogKey, now: Date): Promise<void> {
  return db.transaction(async (tx) => {
    const row = await tx.maybeOne<{ id: number }>(sql`
      update item_catalogs c
         set deleted_at = ${now}
       where ${named(key)}
      returning id`);
    if (row === null) throw catalogNotFound(key.name);
    // Waits for a writer of items, who will be the last: the next one finds no row to lock.
    await tx.run(sql`delete from item_totals where catalog_id = ${row.id}`);
  });
}

/** What a change of a definition leaves: the fields without `id`, and the selections. */
export interface Definition {
  fields: readonly Field[];
  selections: readonly Selection[];
  nextToken: number;
}

export interface DefinitionChange {
  key: CatalogKey;
  now: Date;
  /** Returns the new definition, or throws CatalogRefusal. The catalog is locked meanwhile, and so are its items. */
  change(tx: Db, catalog: ItemCatalog, nextToken: number): Promise<Definition> | Definition;
}

/** Changes the fields or selections of a catalog, while nobody writes its items. Throws CatalogRefusal. */
export function changeDefinition(db: Transactor, { key, now, change }: DefinitionChange): Promise<void> {
  return db.transaction(async (tx) => {
    const locked = await tx.maybeOne<{ id: number; next_token: number }>(sql`
      select c.id, c.next_token
        from item_catalogs c
       where ${named(key)}
         for update`);
    if (locked === null) throw catalogNotFound(key.name);
    await tx.run(sql`update item_totals set version = version + 1 where catalog_id = ${locked.id}`);
    const { fields, selections, nextToken } = await change(tx, await readCatalog(tx, key), locked.next_token);
    await tx.run(sql`
      update item_catalogs
         set fields = ${JSON.stringify(fields)}::jsonb, selections = ${JSON.stringify(selections)}::jsonb,
             next_token = ${nextToken}, updated_at = ${now}
       where id = ${locked.id}`);
    await checkDefinitions(tx, key.workspaceId);
  });
}

/** Throws CatalogRefusal if one answer could not list all definitions. */
async function checkDefinitions(tx: Db, workspaceId: number): Promise<void> {
  const { count, bytes } = await tx.one<{ count: number; bytes: number }>(sql`
    select count(*)::int as count,
           coalesce(sum(octet_length(fields::text) + octet_length(selections::text)), 0)::bigint as bytes
      from item_catalogs
     where workspace_id = ${workspaceId} and deleted_at is null`);
  if (count > MOST_CATALOGS || bytes > MOST_DEFINITION_BYTES)
    throw refusal('company-size-limit-already-reached', {
      message: `A workspace has at most ${MOST_CATALOGS} catalogs, and ${MOST_DEFINITION_BYTES} bytes of fields and selections`,
    });
}

/** Items that one call deletes, and in one statement. */
const MOST_FORGOTTEN = 500_000;
const FORGOTTEN_AT_ONCE = 10_000;

/** Deletes the items of deleted catalogs, not more than a hundred thousands of them at a call. */
export async function forgetDeletedCatalogs(db: Db): Promise<void> {
  const catalogs = await db.query<{ id: number }>(sql`
    select id from item_catalogs where deleted_at is not null order by id limit 1000`);
  let left = MOST_FORGOTTEN;
  for (const { id } of catalogs) {
    for (let deleted = FORGOTTEN_AT_ONCE; deleted === FORGOTTEN_AT_ONCE; left -= deleted) {
      if (left <= 0) return;
      deleted = await db.run(sql`
        delete from catalog_items
         where catalog_id = ${id}
           and item_id in (select item_id from catalog_items where catalog_id = ${id} limit ${FORGOTTEN_AT_ONCE})`);
    }
    await db.run(sql`delete from item_catalogs where id = ${id}`);
  }
}
