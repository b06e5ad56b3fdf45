import type { CatalogItem, CatalogReader, FoundItems } from '../templating/catalog-tags.ts';
import { LimitReached } from '../templating/liquid/errors.ts';
import type { ItemCatalog } from './definition.ts';
import { isGoodWord } from './limits.ts';
import { conditionsOf, isRandom, type RenderValue, type SelectionQuery } from './selection-query.ts';
import type { CatalogName, ItemShelf, SelectedItems } from './shelf.ts';

/** What messages want to read, in the order in which they ask. */
export interface Wants {
  catalog(name: CatalogName, ids: readonly string[]): void;
  items(catalog: ItemCatalog, ids: readonly string[]): void;
  selection(query: SelectionQuery): void;
}

/** Items of catalogs that one message may read, and bytes of them. */
const MOST_ITEMS = 500;
const MOST_BYTES = 4 * 1_048_576;
/** Items from which those of a random selection are drawn, and about how many bytes of them. */
const POOL_ITEMS = 500;
const SELECTED_BYTES = 1_048_576;

const nothing: FoundItems = { items: [], characters: 0 };

/** Reads items for one message, which is rendered again until nothing is missing. */
export class MessageItems implements CatalogReader {
  readonly #workspaceId: number;
  readonly #shelf: ItemShelf;
  readonly #wants: Wants;
  /** What was drawn from random selections, so that each rendering of the message draws the same. */
  readonly #drawn = new Map<string, FoundItems>();
  #selections = 0;
  #items = 0;
  #bytes = 0;
  #isMissing = false;
  #isRefused = false;

  constructor(workspaceId: number, shelf: ItemShelf, wants: Wants) {
    this.#workspaceId = workspaceId;
    this.#shelf = shelf;
    this.#wants = wants;
  }

  /** To be called before each rendering. */
  begin(): void {
    this.#selections = 0;
    this.#items = 0;
    this.#bytes = 0;
    this.#isMissing = false;
    this.#isRefused = false;
  }

  /** Whether the message must be rendered again once what it wants is read. */
  get mustRenderAgain(): boolean {
    return this.#isMissing && !this.#isRefused;
  }

  items(name: string, ids: readonly string[]): FoundItems {
    const good = ids.filter(isGoodWord);
    this.#count(good.length, 0);
    const catalog = this.#catalog(name, good);
    if (catalog === null) return nothing;
    const found: CatalogItem[] = [];
    const missing: string[] = [];
    let characters = 0;
    for (const id of good) {
      const shelved = this.#shelf.item(catalog, id);
      if (shelved === undefined || shelved.kind === 'unread') missing.push(id);
      if (shelved === undefined || shelved.kind === 'unknown') continue;
      this.#count(0, shelved.bytes);
      if (shelved.kind === 'unread') continue;
      characters += shelved.bytes;
      found.push(shelved.item);
    }
    if (missing.length > 0) {
      this.#isMissing = true;
      this.#wants.items(catalog, missing);
    }
    return { items: found, characters };
  }

  selection(name: string, selectionName: string, render: RenderValue): FoundItems {
    this.#selections += 1;
    const catalog = this.#catalog(name, []);
    const selection = catalog?.selections.find((one) => one.name === selectionName);
    if (catalog === null || selection === undefined) return nothing;
    const conditions = conditionsOf(catalog, selection, render);
    if (conditions === null) return nothing;
    const limit = isRandom(selection) ? POOL_ITEMS : selection.results_limit;
    const query = { catalog, selection, conditions, limit, limitBytes: SELECTED_BYTES };
    const selected = this.#shelf.selected(query);
    if (selected === undefined) {
      this.#isMissing = true;
      this.#wants.selection(query);
      return nothing;
    }
    if (selected.isTooSlow) this.#refuse(`the selection ${selection.name} takes too long`);
    const found = isRandom(selection) ? this.#drawnFrom(selected, query) : foundOf(selected.items);
    this.#count(found.items.length, found.characters);
    return found;
  }

  /** null: there is none, or it must be read first. */
  #catalog(name: string, ids: readonly string[]): ItemCatalog | null {
    if (!isGoodWord(name)) return null;
    const key = { workspaceId: this.#workspaceId, name };
    const catalog = this.#shelf.catalog(key);
    if (catalog !== undefined) return catalog;
    this.#isMissing = true;
    this.#wants.catalog(key, ids);
    return null;
  }

  #drawnFrom({ items }: SelectedItems, { selection }: SelectionQuery): FoundItems {
    const key = `${this.#selections} ${selection.name}`;
    const drawn = this.#drawn.get(key) ?? foundOf(drawnFrom(items, selection.results_limit));
    this.#drawn.set(key, drawn);
    return drawn;
  }

  #count(items: number, bytes: number): void {
    this.#items += items;
    this.#bytes += bytes;
    if (this.#items > MOST_ITEMS) this.#refuse(`more than ${MOST_ITEMS} items of catalogs`);
    if (this.#bytes > MOST_BYTES) this.#refuse(`more than ${MOST_BYTES} bytes of items of catalogs`);
  }

  #refuse(reason: string): never {
    this.#isRefused = true;
    throw new LimitReached(reason);
  }
}

function foundOf(items: SelectedItems['items']): FoundItems {
  return { items: items.map(({ item }) => item), characters: items.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Draws some of the items, in random order. */
function drawnFrom<T>(items: readonly T[], count: number): T[] {
  const left = [...items];
  const drawn: T[] = [];
  while (drawn.length < count && left.length > 0)
    drawn.push(...left.splice(Math.floor(Math.random() * left.length), 1));
  return drawn;
}
