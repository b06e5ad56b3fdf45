import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { isStorable } from '../lib/raw/storable.ts';
import type { StoredItem } from './items-store.ts';

/** Names an item. */
export interface ItemKey {
  catalogId: number;
  itemId: string;
}

/** Those of these items that do not exist. */
export async function missingAmong(db: Db, keys: readonly ItemKey[]): Promise<ItemKey[]> {
  const storable = keys.filter(({ itemId }) => isStorable(itemId));
  const catalogIds = storable.map(({ catalogId }) => catalogId);
  const missing = await db.query<{ place: number }>(sql`
    select w.place
      from unnest(${catalogIds}::integer[], ${storable.map(({ itemId }) => itemId)}::text[])
           with ordinality as w (catalog_id, item_id, place)
     where not exists (select from catalog_items i
                        where i.catalog_id = any(${[...new Set(catalogIds)]}::integer[])
                          and i.catalog_id = w.catalog_id and i.item_id = w.item_id)`);
  const others = keys.filter((key) => !storable.includes(key));
  return [...others, ...missing.flatMap(({ place }) => storable[Number(place) - 1] ?? [])];
}

export interface LoadedItem extends ItemKey {
  bytes: number;
  /** null: it is not read, because those before it have as many bytes as may be read at once. */
  data: StoredItem['data'] | null;
}

/** Reads items by their ids with one statement, in the order of `keys`. At least the first is read. */
export function loadItems(db: Db, keys: readonly ItemKey[], limitBytes: number): Promise<LoadedItem[]> {
  const catalogIds = keys.map(({ catalogId }) => catalogId);
  return db.query<LoadedItem & Record<string, unknown>>(sql`
    with found as (
      select i.catalog_id, i.item_id, i.bytes,
             sum(i.bytes) over (order by w.place rows between unbounded preceding and 1 preceding) as bytes_before, w.place
        from unnest(${catalogIds}::integer[], ${keys.map(({ itemId }) => itemId)}::text[])
             with ordinality as w (catalog_id, item_id, place)
        join catalog_items i on i.catalog_id = w.catalog_id and i.item_id = w.item_id
       where i.catalog_id = any(${[...new Set(catalogIds)]}::integer[])
    )
    select f.catalog_id as "catalogId", f.item_id as "itemId", f.bytes, i.data
      from found f
      left join catalog_items i
        on i.catalog_id = f.catalog_id and i.item_id = f.item_id
           and (f.bytes_before is null or f.bytes_before < ${limitBytes})
     where f.catalog_id = any(${[...new Set(catalogIds)]}::integer[])
     order by f.place`);
}
