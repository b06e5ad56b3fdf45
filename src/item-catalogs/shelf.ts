import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { isSqlstate } from '../db/sqlstates.ts';
import { BoundedCache } from '../lib/bounded-cache.ts';
import type { Clock } from '../lib/clock.ts';
import type { CatalogItem } from '../templating/catalog-tags.ts';
import { readCatalogsNamed } from './catalogs-store.ts';
import type { ItemCatalog } from './definition.ts';
import { shownItem } from './items-store.ts';
import { loadItems } from './load-items.ts';
import { readSelected, type SelectionQuery } from './selection-query.ts';

/** An item, or why it is not here. */
export type ShelvedItem =
  | { kind: 'found'; item: CatalogItem; bytes: number }
  | { kind: 'unknown' }
  /** There was no room to read it. */
  | { kind: 'unread'; bytes: number };

export interface SelectedItems {
  items: readonly { item: CatalogItem; bytes: number }[];
  /** The database took too long to find them. */
  isTooSlow: boolean;
}

/** A catalog's name in a workspace. */
export interface CatalogName {
  workspaceId: number;
  name: string;
}

/** How long something is used after it was read, in milliseconds. As long as the facts about people. */
const FRESH_MS = 5_000;
/** Memory for definitions, items and selections, in bytes each. */
const KEPT_BYTES = 32 * 1_048_576;
/** Bytes of the items that are read at once. In memory they take more than twice as much. */
const READ_BYTES = 8 * 1_048_576;
const OVERHEAD_BYTES = 300;
/** Longest time for finding the items of one selection, in milliseconds. */
const SELECTION_MS = 3_000;

interface Kept<T> {
  value: T;
  readAtMs: number;
}

/** What one process has read of item catalogs lately, for all messages that it composes. */
export class ItemShelf {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #catalogs = new BoundedCache<string, Kept<ItemCatalog | null>>({ mostBytes: KEPT_BYTES });
  readonly #items = new BoundedCache<string, Kept<ShelvedItem>>({ mostBytes: KEPT_BYTES });
  readonly #selections = new BoundedCache<string, Kept<SelectedItems>>({ mostBytes: KEPT_BYTES });

  constructor({ db, clock }: { db: Database; clock: Clock }) {
    this.#db = db;
    this.#clock = clock;
  }

  /** A definition. null: there is no such catalog. undefined: it must be read first. */
  catalog({ workspaceId, name }: CatalogName): ItemCatalog | null | undefined {
    return this.#fresh(this.#catalogs.get(`${workspaceId} ${name}`));
  }

  /** undefined: it must be read first. */
  item(catalog: ItemCatalog, itemId: string): ShelvedItem | undefined {
    return this.#fresh(this.#items.get(itemKey(catalog, itemId)));
  }

  /** undefined: it must be read first. */
  selected(query: SelectionQuery): SelectedItems | undefined {
    return this.#fresh(this.#selections.get(selectionKey(query)));
  }

  #fresh<T>(kept: Kept<T> | undefined): T | undefined {
    const isOld = kept === undefined || this.#nowMs() - kept.readAtMs > FRESH_MS;
    return isOld ? undefined : kept.value;
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }

  /** Reads definitions, with one statement for each workspace. */
  async readCatalogs(names: readonly CatalogName[]): Promise<void> {
    const readAtMs = this.#nowMs();
    for (const workspaceId of new Set(names.map((one) => one.workspaceId))) {
      const asked = names.filter((one) => one.workspaceId === workspaceId).map(({ name }) => name);
      const found = await readCatalogsNamed(this.#db, workspaceId, asked);
      for (const name of asked) {
        const value = found.get(name) ?? null;
        const sizeBytes = OVERHEAD_BYTES + name.length + (value === null ? 0 : 2 * JSON.stringify(value).length);
        this.#catalogs.set(`${workspaceId} ${name}`, { value, readAtMs }, sizeBytes);
      }
    }
  }

  /** Reads items, the first ones at least, with one statement. Returns whether it has read all. */
  async readItems(wanted: readonly { catalog: ItemCatalog; itemId: string }[]): Promise<boolean> {
    const readAtMs = this.#nowMs();
    const keys = wanted.map(({ catalog, itemId }) => ({ catalogId: catalog.id, itemId }));
    const rows = await loadItems(this.#db.byKey, keys, READ_BYTES);
    const found = new Map(rows.map((row) => [`${row.catalogId} ${row.itemId}`, row]));
    let hasAll = true;
    for (const { catalog, itemId } of wanted) {
      const row = found.get(`${catalog.id} ${itemId}`);
      const value: ShelvedItem =
        row === undefined
          ? { kind: 'unknown' }
          : row.data === null
            ? { kind: 'unread', bytes: row.bytes }
            : { kind: 'found', item: itemOf(catalog, itemId, row.data), bytes: row.bytes };
      hasAll &&= value.kind !== 'unread';
      const sizeBytes = OVERHEAD_BYTES + (value.kind === 'found' ? 2 * value.bytes : 0);
      this.#items.set(itemKey(catalog, itemId), { value, readAtMs }, sizeBytes);
    }
    return hasAll;
  }

  /** Reads the items of one selection. */
  async readSelection(query: SelectionQuery): Promise<void> {
    const readAtMs = this.#nowMs();
    const value = await this.#find(query);
    const bytes = value.items.reduce((sum, one) => sum + one.bytes, 0);
    this.#selections.set(selectionKey(query), { value, readAtMs }, OVERHEAD_BYTES + 2 * bytes);
  }

  async #find(query: SelectionQuery): Promise<SelectedItems> {
    try {
      const rows = await this.#db.transaction(async (tx) => {
        await tx.run(sql`select set_config('statement_timeout', ${String(SELECTION_MS)}, true)`);
        return readSelected(tx, query);
      });
      const items = rows.map(({ itemId, data, bytes }) => ({ item: itemOf(query.catalog, itemId, data), bytes }));
      return { items, isTooSlow: false };
    } catch (error) {
      if (!isSqlstate(error, 'query_canceled')) throw error;
      return { items: [], isTooSlow: true };
    }
  }
}

function itemOf(catalog: ItemCatalog, itemId: string, data: Readonly<Record<string, unknown>>): CatalogItem {
  return shownItem(catalog, { itemId, data }) as CatalogItem;
}

/** An item has the fields of a version of its catalog. */
function itemKey({ id, version }: ItemCatalog, itemId: string): string {
  return `${id} ${version} ${itemId}`;
}

function selectionKey({ catalog, selection, conditions }: SelectionQuery): string {
  const values = conditions.map(({ value }) => value);
  return `${catalog.id} ${catalog.version} ${selection.name} ${JSON.stringify(values)}`;
}
