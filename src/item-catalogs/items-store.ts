import type { Db, Transactor } from '../db/database.ts';
import { Outdated, retry } from '../db/retry.ts';
import { raw, type Sql, sql } from '../db/sql.ts';
import { type CatalogKey, readCatalog } from './catalogs-store.ts';
import type { ItemCatalog } from './definition.ts';
import { PAGE_BYTES, PAGE_ITEMS } from './limits.ts';
import { refusal } from './problems.ts';
import type { ItemChange, WriteKind } from './read-items.ts';
import { isArrayTooLarge } from './values.ts';

/** A stored item: its id, and its values by the token of their field. */
export interface StoredItem {
  itemId: string;
  data: Readonly<Record<string, unknown>>;
}

export interface ItemsWrite {
  key: CatalogKey;
  now: Date;
  /** Most bytes of the items of all catalogs of the workspace. */
  storageBytes: number;
  /** Reads the request by the definition of the catalog. It is read again if the definition changes meanwhile. */
  read(catalog: ItemCatalog): { kind: WriteKind | 'delete'; changes: readonly ItemChange[] };
}

/** The ids of a write that existed before. */
export type Existing = ReadonlySet<string>;

/**
 * Creates, changes, replaces or deletes items, all or none. `create` leaves existing items as they are, and `update` and
 * `delete` ignore unknown ones. `check` may refuse, told which of the items exist. Throws CatalogRefusal.
 */
export function writeItems(db: Transactor, write: ItemsWrite, check?: (existing: Existing) => void): Promise<void> {
  return retry('catalogs', async () => {
    const catalog = await readCatalog(db, write.key);
    const { kind, changes } = write.read(catalog);
    const ids = changes.map(({ itemId }) => itemId);
    await db.transaction(async (tx) => {
      const usedBytes = await lockItems(tx, catalog, write.key.workspaceId);
      if (check !== undefined) check(await existingOf(tx, catalog.id, ids));
      if (changes.length === 0) return;
      if (kind === 'delete') return deleteItems(tx, catalog.id, ids, write.now);
      const limit = { usedBytes, storageBytes: write.storageBytes };
      if (usedBytes >= write.storageBytes) throw refusal('company-size-limit-already-reached');
      const prepared = kind === 'update' ? await withArrays(tx, catalog.id, changes) : changes;
      const grown = await saveItems(tx, { catalogId: catalog.id, kind, changes: prepared, now: write.now });
      if (grown > 0 && limit.usedBytes + grown > limit.storageBytes) throw refusal('company-size-limit-surge');
    });
  });
}

/** Locks the items of a catalog against other writers. Returns the bytes of all items of the workspace. */
async function lockItems(tx: Db, { id, version }: ItemCatalog, workspaceId: number): Promise<number> {
  const row = await tx.maybeOne<{ version: number }>(sql`
    select version from item_totals where catalog_id = ${id} for update`);
  if (row === null || row.version !== version) throw new Outdated('the catalog was changed meanwhile');
  const { bytes } = await tx.one<{ bytes: number }>(sql`
    select coalesce(sum(t.bytes), 0)::bigint as bytes
      from item_catalogs c
      join item_totals t on t.catalog_id = c.id
     where c.workspace_id = ${workspaceId} and c.deleted_at is null`);
  return bytes;
}

async function existingOf(tx: Db, catalogId: number, ids: readonly string[]): Promise<Existing> {
  const rows = await tx.query<{ item_id: string }>(sql`
    select item_id from catalog_items where catalog_id = ${catalogId} and item_id = any(${ids}::text[])`);
  return new Set(rows.map((row) => row.item_id));
}

async function deleteItems(tx: Db, catalogId: number, ids: readonly string[], now: Date): Promise<void> {
  await tx.run(sql`
    with deleted as (
      delete from catalog_items where catalog_id = ${catalogId} and item_id = any(${ids}::text[])
      returning bytes
    )
    update item_totals
       set items = items - (select count(*) from deleted), bytes = bytes - (select coalesce(sum(bytes), 0) from deleted),
           changed_at = ${now}
     where catalog_id = ${catalogId}`);
}

/** Puts the arrays that are changed in part into the values. */
async function withArrays(tx: Db, catalogId: number, changes: readonly ItemChange[]): Promise<ItemChange[]> {
  const wanted = changes.flatMap(({ itemId, arrays }) => arrays.map(({ token }) => ({ itemId, token })));
  if (wanted.length === 0) return [...changes];
  const rows = await tx.query<{ item_id: string; token: string; elements: unknown }>(sql`
    select i.item_id, w.token, i.data -> w.token as elements
      from unnest(${wanted.map(({ itemId }) => itemId)}::text[], ${wanted.map(({ token }) => token)}::text[])
           as w (item_id, token)
      join catalog_items i on i.catalog_id = ${catalogId} and i.item_id = w.item_id`);
  const before = new Map(rows.map(({ item_id, token, elements }) => [`${item_id} ${token}`, elements]));
  return changes.map((change) => {
    const values = { ...change.values };
    for (const { token, remove, add } of change.arrays) {
      const old = before.get(`${change.itemId} ${token}`);
      const kept = Array.isArray(old) ? old.filter((element: string) => !remove.includes(element)) : [];
      const changed = [...kept, ...new Set(add.filter((element) => !kept.includes(element)))];
      if (isArrayTooLarge(changed)) throw refusal('items-too-large', { parameter: 'id', values: [change.itemId] });
      values[token] = changed;
    }
    return { ...change, values };
  });
}

interface Save {
  catalogId: number;
  kind: WriteKind;
  changes: readonly ItemChange[];
  now: Date;
}

/** Writes the items with one statement, in the order of the request. Returns by how many bytes they have grown. */
async function saveItems(tx: Db, { catalogId, kind, changes, now }: Save): Promise<number> {
  const changed: Sql =
    kind === 'create'
      ? sql`select 0 as bytes where false`
      : sql`
      update catalog_items i
         set data = ${kind === 'replace' ? sql`g.data` : sql`(i.data || g.data) - array(select jsonb_array_elements_text(g.emptied))`}
        from given g
       where i.catalog_id = ${catalogId} and i.item_id = g.item_id
      returning i.bytes`;
  const created: Sql =
    kind === 'update'
      ? sql`select 0 as bytes where false`
      : sql`
      insert into catalog_items (catalog_id, item_id, ordinal, data)
      select ${catalogId}, g.item_id,
             (select last_ordinal from item_totals where catalog_id = ${catalogId}) + row_number() over (order by g.place),
             g.data
        from given g
       where not exists (select from old where old.item_id = g.item_id)
      returning bytes`;
  const oldBytes = kind === 'create' ? raw('0') : sql`(select coalesce(sum(bytes), 0) from old)`;
  const { grown } = await tx.one<{ grown: number }>(sql`
    with given as materialized (
      select item_id, data, emptied, place
        from unnest(${changes.map(({ itemId }) => itemId)}::text[],
                    ${changes.map(({ values }) => JSON.stringify(values))}::jsonb[],
                    ${changes.map(({ emptied }) => JSON.stringify(emptied))}::jsonb[])
             with ordinality as g (item_id, data, emptied, place)
    ), old as (
      select item_id, bytes
        from catalog_items
       where catalog_id = ${catalogId} and item_id = any(${changes.map(({ itemId }) => itemId)}::text[])
    ), changed as (${changed}
    ), created as (${created}
    ), counted as (
      select (select count(*) from created) as items,
             (select coalesce(sum(bytes), 0) from created) + (select coalesce(sum(bytes), 0) from changed) - ${oldBytes} as bytes
    )
    update item_totals t
       set items = t.items + counted.items, bytes = t.bytes + counted.bytes,
           last_ordinal = t.last_ordinal + counted.items, changed_at = ${now}
      from counted
     where t.catalog_id = ${catalogId}
    returning counted.bytes::bigint as grown`);
  return grown;
}

/** Reads one item. null: there is none with this id. */
export async function readStoredItem(db: Db, catalogId: number, itemId: string): Promise<StoredItem | null> {
  const row = await db.maybeOne<{ data: StoredItem['data'] }>(sql`
    select data from catalog_items where catalog_id = ${catalogId} and item_id = ${itemId}`);
  return row === null ? null : { itemId, data: row.data };
}

/** A page of items in the order of their creation. */
export interface ItemPage {
  items: readonly StoredItem[];
  /** The ordinal after which the previous page begins. null: this is the first page. */
  previous: number | null;
  /** The ordinal after which the next page begins. null: this is the last page. */
  next: number | null;
}

/** Reads the page that begins after the ordinal `after`: 50 items, or fewer if they are large. */
export async function readItemPage(db: Db, catalogId: number, after: number): Promise<ItemPage> {
  const rows = await db.query<{ item_id: string; ordinal: number; found: number; data: StoredItem['data'] }>(sql`
    with page as (
      select item_id, ordinal, bytes
        from catalog_items
       where catalog_id = ${catalogId} and ordinal > ${after}
       order by ordinal
       limit ${PAGE_ITEMS + 1}
    ), measured as (
      select item_id, ordinal, row_number() over before_it as place, count(*) over () as found,
             sum(bytes) over (order by ordinal rows between unbounded preceding and 1 preceding) as bytes_before
        from page
      window before_it as (order by ordinal)
    )
    select m.item_id, m.ordinal, m.found, i.data
      from measured m
      join catalog_items i on i.catalog_id = ${catalogId} and i.item_id = m.item_id
     where m.place <= ${PAGE_ITEMS} and (m.bytes_before is null or m.bytes_before < ${PAGE_BYTES})
     order by m.ordinal`);
  const last = rows.at(-1);
  return {
    items: rows.map(({ item_id, data }) => ({ itemId: item_id, data })),
    previous: after > 0 ? await startOfPreviousPage(db, catalogId, after) : null,
    next: last !== undefined && last.found > rows.length ? last.ordinal : null,
  };
}

async function startOfPreviousPage(db: Db, catalogId: number, after: number): Promise<number> {
  const row = await db.maybeOne<{ ordinal: number }>(sql`
    select ordinal
      from catalog_items
     where catalog_id = ${catalogId} and ordinal <= ${after}
     order by ordinal desc
    offset ${PAGE_ITEMS}
     limit 1`);
  return row?.ordinal ?? 0;
}

/** An item as answers and templates show it: `id`, then every field that has a value. */
export function shownItem({ fields }: Pick<ItemCatalog, 'fields'>, { itemId, data }: StoredItem): object {
  const members = fields.slice(1).flatMap(({ token, name }): [string, unknown][] => {
    const value = data[String(token)];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries([['id', itemId], ...members]);
}
