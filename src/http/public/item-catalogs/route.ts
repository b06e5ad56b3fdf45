import type { Transactor } from '../../../db/database.ts';
import { createCatalog, deleteCatalog, listCatalogs, readCatalog } from '../../../item-catalogs/catalogs-store.ts';
import { addFields, deleteField } from '../../../item-catalogs/fields.ts';
import { type ItemsWrite, readItemPage, readStoredItem, writeItems } from '../../../item-catalogs/items-store.ts';
import { isGoodWord } from '../../../item-catalogs/limits.ts';
import { catalogNotFound, refusal } from '../../../item-catalogs/problems.ts';
import { readNewCatalog, readNewFields } from '../../../item-catalogs/read-definition.ts';
import { readItem, readItemIds, readItems, type WriteKind } from '../../../item-catalogs/read-items.ts';
import { addSelection, deleteSelection } from '../../../item-catalogs/selections.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { Permission } from '../../../workspace/permissions.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { answering, catalogsAnswer, itemAnswer, pageAnswer, success } from './answer.ts';
import { readCursor } from './request.ts';

export interface ItemCatalogRouteDeps {
  db: Transactor;
  clock: Clock;
  catalog: Catalog;
}

const minuteMs = 60_000;
const catalogsBucket: RateBucket = { name: 'catalogs_sync', limit: 50, windowMs: minuteMs };
const oneItemBucket: RateBucket = { name: 'catalogs_items_sync', limit: 50, windowMs: minuteMs };
const manyItemsBucket: RateBucket = { name: 'catalogs_items_async', limit: 16_000, windowMs: minuteMs };
const definitionBucket: RateBucket = { name: 'catalogs_fields_selections', limit: 50, windowMs: minuteMs };

/** Levels of a body, so that a value that is too deep is refused by name. */
const bodyDepth = 200;

const applied: Answer = { status: 202, body: success };

interface Endpoint {
  method: Route['method'];
  path: string;
  permission: Permission;
  bucket: RateBucket;
  query?: readonly string[];
  handle(request: RouteRequest, key: ItemsWrite['key']): Promise<Answer>;
}

/** Item catalogs, their items, fields and selections. Source: catalogs.md §2 to §5. */
export function itemCatalogRoutes(deps: ItemCatalogRouteDeps): Route[] {
  const endpoints = [...catalogEndpoints(deps), ...itemEndpoints(deps), ...definitionEndpoints(deps)];
  return endpoints.map(({ method, path, permission, bucket, query = [], handle }) => ({
    ...{ method, path, permission, query, bodyDepth },
    bucket: () => bucket,
    handle: (request) => answering(async () => handle(request, keyOf(request))),
  }));
}

/** A word that cannot be a name is not looked up: PostgreSQL takes no NUL. Throws CatalogRefusal. */
function keyOf({ workspaceId, params: { catalog_name: name = '' } }: RouteRequest): ItemsWrite['key'] {
  if (name !== '' && !isGoodWord(name)) throw catalogNotFound(name);
  return { workspaceId, name };
}

/** The id in the path, of an item that must exist. Throws CatalogRefusal. */
function existingIdOf({ params: { item_id: itemId = '' } }: RouteRequest): string {
  if (!isGoodWord(itemId)) throw itemNotFound(itemId);
  return itemId;
}

function catalogEndpoints({ db, clock }: ItemCatalogRouteDeps): Endpoint[] {
  const path = '/catalogs/:catalog_name';
  return [
    {
      ...{ method: 'GET', path: '/catalogs', permission: 'catalogs.get', bucket: catalogsBucket },
      handle: async ({ workspaceId }) => catalogsAnswer(200, await listCatalogs(db, workspaceId)),
    },
    {
      ...{ method: 'POST', path: '/catalogs', permission: 'catalogs.create', bucket: catalogsBucket },
      async handle({ workspaceId, body }) {
        const created = { catalog: readNewCatalog(body), now: clock.now() };
        return catalogsAnswer(201, [await createCatalog(db, workspaceId, created)]);
      },
    },
    {
      ...{ method: 'GET', path, permission: 'catalogs.get', bucket: catalogsBucket },
      handle: async (_request, key) => catalogsAnswer(200, [await readCatalog(db, key)]),
    },
    {
      ...{ method: 'DELETE', path, permission: 'catalogs.delete', bucket: catalogsBucket },
      async handle(_request, key) {
        await deleteCatalog(db, key, clock.now());
        return { status: 200, body: success };
      },
    },
  ];
}

function itemEndpoints(deps: ItemCatalogRouteDeps): Endpoint[] {
  const { db } = deps;
  const path = '/catalogs/:catalog_name/items';
  const onePath = `${path}/:item_id`;
  const many = { path, bucket: manyItemsBucket };
  const one = { path: onePath, bucket: oneItemBucket };
  return [
    { method: 'POST', permission: 'catalogs.add_items', ...many, handle: writeMany(deps, 'create') },
    { method: 'PATCH', permission: 'catalogs.update_items', ...many, handle: writeMany(deps, 'update') },
    { method: 'PUT', permission: 'catalogs.replace_items', ...many, handle: writeMany(deps, 'replace') },
    { method: 'DELETE', permission: 'catalogs.delete_items', ...many, handle: deleteMany(deps) },
    {
      ...{ method: 'GET', path, permission: 'catalogs.get_items', bucket: oneItemBucket, query: ['cursor'] },
      async handle({ query }, key) {
        const catalog = await readCatalog(db, key);
        return pageAnswer(catalog, await readItemPage(db, catalog.id, readCursor(query)));
      },
    },
    {
      ...{ method: 'GET', permission: 'catalogs.get_item', ...one },
      async handle(request, key) {
        const catalog = await readCatalog(db, key);
        const itemId = existingIdOf(request);
        const item = await readStoredItem(db, catalog.id, itemId);
        if (item === null) throw itemNotFound(itemId);
        return itemAnswer(catalog, item);
      },
    },
    { method: 'POST', permission: 'catalogs.create_item', ...one, handle: writeOne(deps, 'create', 201) },
    { method: 'PATCH', permission: 'catalogs.update_item', ...one, handle: writeOne(deps, 'update', 200) },
    { method: 'PUT', permission: 'catalogs.replace_item', ...one, handle: writeOne(deps, 'replace', 200) },
    { method: 'DELETE', permission: 'catalogs.delete_item', ...one, handle: deleteOne(deps) },
  ];
}

function definitionEndpoints({ db, clock }: ItemCatalogRouteDeps): Endpoint[] {
  const path = '/catalogs/:catalog_name';
  const bucket = definitionBucket;
  return [
    {
      ...{ method: 'POST', path: `${path}/fields`, permission: 'catalogs.create_fields', bucket },
      async handle({ body }, key) {
        await readCatalog(db, key);
        await addFields(db, key, { fields: readNewFields(body), now: clock.now() });
        return applied;
      },
    },
    {
      ...{ method: 'DELETE', path: `${path}/fields/:field_name`, permission: 'catalogs.delete_fields', bucket },
      async handle({ params }, key) {
        await deleteField(db, key, { fieldName: params.field_name ?? '', now: clock.now() });
        return applied;
      },
    },
    {
      ...{ method: 'POST', path: `${path}/selections`, permission: 'catalogs.create_selection', bucket },
      async handle({ body }, key) {
        await addSelection(db, key, { body, now: clock.now() });
        return applied;
      },
    },
    {
      ...{
        method: 'DELETE',
        path: `${path}/selections/:selection_name`,
        permission: 'catalogs.delete_selection',
        bucket,
      },
      async handle({ params }, key) {
        await deleteSelection(db, key, { selectionName: params.selection_name ?? '', now: clock.now() });
        return applied;
      },
    },
  ];
}

type Handle = Endpoint['handle'];

function writeMany(deps: ItemCatalogRouteDeps, kind: WriteKind): Handle {
  return async ({ body }, key) => {
    await writeItems(deps.db, {
      ...writeOf(deps, key),
      read: (catalog) => ({ kind, changes: readItems(body, catalog, kind) }),
    });
    return applied;
  };
}

function deleteMany(deps: ItemCatalogRouteDeps): Handle {
  return async ({ body }, key) => {
    await writeItems(deps.db, {
      ...writeOf(deps, key),
      read: () => ({ kind: 'delete', changes: readItemIds(body).map(emptyChange) }),
    });
    return applied;
  };
}

function writeOne(deps: ItemCatalogRouteDeps, kind: WriteKind, status: number): Handle {
  return async ({ body, params }, key) => {
    const itemId = params.item_id ?? '';
    await writeItems(
      deps.db,
      { ...writeOf(deps, key), read: (catalog) => ({ kind, changes: [readItem(body, itemId, catalog, kind)] }) },
      (existing) => {
        if (kind === 'create' && existing.has(itemId))
          throw refusal('item-already-exists', { parameter: 'item_id', values: [itemId] });
        if (kind === 'update' && !existing.has(itemId)) throw itemNotFound(itemId);
      },
    );
    return { status, body: success };
  };
}

function deleteOne(deps: ItemCatalogRouteDeps): Handle {
  return async (request, key) => {
    const itemId = request.params.item_id ?? '';
    await writeItems(
      deps.db,
      { ...writeOf(deps, key), read: () => ({ kind: 'delete', changes: [emptyChange(existingIdOf(request))] }) },
      (existing) => {
        if (!existing.has(itemId)) throw itemNotFound(itemId);
      },
    );
    return applied;
  };
}

function writeOf({ catalog, clock }: ItemCatalogRouteDeps, key: ItemsWrite['key']): Omit<ItemsWrite, 'read'> {
  const { storageBytes } = loadedWorkspace(catalog, key.workspaceId).settings.itemCatalogs;
  return { key, now: clock.now(), storageBytes };
}

function emptyChange(itemId: string) {
  return { itemId, values: {}, emptied: [], arrays: [] };
}

function itemNotFound(itemId: string) {
  return refusal('item-not-found', { parameter: 'item_id', values: [itemId] });
}
