import type { ItemCatalog } from './definition.ts';
import { MessageItems, type Wants } from './message-items.ts';
import type { SelectionQuery } from './selection-query.ts';
import type { CatalogName, ItemShelf } from './shelf.ts';

/** What is read at once, at most. The rest waits for the next call. */
const MOST_CATALOGS = 1_000;
const MOST_ITEMS = 5_000;
const MOST_SELECTIONS = 20;

interface WantedItem {
  name: CatalogName | null;
  catalog: ItemCatalog | null;
  itemId: string;
}

/** Collects what several messages want of item catalogs, and reads it for all of them at once. */
export class ItemSession implements Wants {
  readonly #shelf: ItemShelf;
  #catalogs = new Map<string, CatalogName>();
  #items = new Map<string, WantedItem>();
  #selections = new Map<string, SelectionQuery>();

  constructor(shelf: ItemShelf) {
    this.#shelf = shelf;
  }

  /** The items for one message. */
  forMessage(workspaceId: number): MessageItems {
    return new MessageItems(workspaceId, this.#shelf, this);
  }

  catalog(name: CatalogName, ids: readonly string[]): void {
    const key = `${name.workspaceId} ${name.name}`;
    this.#catalogs.set(key, name);
    for (const itemId of ids) this.#items.set(`${key} ${itemId}`, { name, catalog: null, itemId });
  }

  items(catalog: ItemCatalog, ids: readonly string[]): void {
    for (const itemId of ids) this.#items.set(`${catalog.id} ${itemId}`, { name: null, catalog, itemId });
  }

  selection(query: SelectionQuery): void {
    const values = query.conditions.map(({ value }) => value);
    this.#selections.set(`${query.catalog.id} ${query.selection.name} ${JSON.stringify(values)}`, query);
  }

  /** Reads what is wanted, within limits. Returns whether it has read all of it. What it leaves must be asked for again. */
  async read(): Promise<boolean> {
    const [catalogs, items, selections] = [this.#catalogs, this.#items, this.#selections].map((all) => [
      ...all.values(),
    ]) as [CatalogName[], WantedItem[], SelectionQuery[]];
    this.#catalogs = new Map();
    this.#items = new Map();
    this.#selections = new Map();
    if (catalogs.length > 0) await this.#shelf.readCatalogs(catalogs.slice(0, MOST_CATALOGS));
    const known = items.slice(0, MOST_ITEMS).flatMap(({ name, catalog, itemId }) => {
      const found = catalog ?? (name === null ? null : this.#shelf.catalog(name));
      return found ? [{ catalog: found, itemId }] : [];
    });
    const hasAll = known.length === 0 || (await this.#shelf.readItems(known));
    for (const query of selections.slice(0, MOST_SELECTIONS)) await this.#shelf.readSelection(query);
    return (
      hasAll && catalogs.length <= MOST_CATALOGS && items.length <= MOST_ITEMS && selections.length <= MOST_SELECTIONS
    );
  }
}
