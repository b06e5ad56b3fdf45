import type { Database } from '../../../db/database.ts';
import { type ListedName, listNames, type NameKind } from '../../../people/activity/names.ts';
import { maxArrayLength } from '../../../people/profile/custom-values.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { readPage } from '../list-query.ts';
import { linkHeaders, readCursorPage } from './links.ts';

export interface NameRouteDeps {
  db: Database;
  catalog: Catalog;
  /** Base URL of this server, without a slash at the end. */
  publicUrl: string;
}

const PAGE = 250;
const CURSOR_PAGE = 50;
export const namesBucket: RateBucket = { name: 'reporting_names', limit: 1_000, windowMs: 3_600_000 };

/** The names of events, products and custom attributes. Source: more-endpoints.md §5 and §6. */
export function nameRoutes(deps: NameRouteDeps): Route[] {
  const bucket = () => namesBucket;
  const numbered = { method: 'GET', query: ['page'], bucket } as const;
  const linked = { method: 'GET', query: ['cursor'], bucket } as const;
  return [
    {
      ...{ ...numbered, path: '/events/list', permission: 'events.list' },
      handle: (request) => handlePage(deps, request, 'event', 'events'),
    },
    {
      ...{ ...numbered, path: '/purchases/product_list', permission: 'purchases.product_list' },
      handle: (request) => handlePage(deps, request, 'product', 'products'),
    },
    {
      ...{ ...linked, path: '/events', permission: 'events.get' },
      handle: (request) => handleLinked(deps, request, { kind: 'event', path: '/events', member: 'events', of: event }),
    },
    {
      ...{ ...linked, path: '/custom_attributes', permission: 'custom_attributes.get' },
      handle: (request) =>
        handleLinked(deps, request, {
          ...{ kind: 'custom_attribute', path: '/custom_attributes', member: 'attributes', of: attribute },
        }),
    },
  ];
}

async function handlePage(
  { db }: NameRouteDeps,
  { query, workspaceId }: RouteRequest,
  kind: NameKind,
  member: string,
): Promise<Answer> {
  const names = await listNames(db, { workspaceId, kind }, { limit: PAGE, offset: readPage(query) * PAGE });
  return { status: 200, body: { [member]: names.map(({ name }) => name), message: 'success' } };
}

interface LinkedList {
  kind: NameKind;
  path: string;
  member: string;
  of(listed: ListedName, blocked: ReadonlySet<string> | undefined): object;
}

async function handleLinked(
  { db, publicUrl, catalog }: NameRouteDeps,
  { query, workspaceId }: RouteRequest,
  { kind, path, member, of }: LinkedList,
): Promise<Answer> {
  const page = readCursorPage(query, CURSOR_PAGE);
  const names = await listNames(db, { workspaceId, kind }, { offset: page.offset, limit: page.limit + 1 });
  const blocked = loadedWorkspace(catalog, workspaceId).blockedAttributes;
  const listed = names.slice(0, page.limit).map((name) => of(name, blocked));
  const headers = linkHeaders(`${publicUrl}${path}`, page, names.length > page.limit);
  return { status: 200, headers, body: { [member]: listed, message: 'success' } };
}

function event({ name }: ListedName): object {
  return { name, description: null, included_in_analytics_report: false, status: 'Active', tag_names: [] };
}

function attribute({ name, dataType }: ListedName, blocked: ReadonlySet<string> | undefined): object {
  return {
    array_length: dataType === 'Array' ? maxArrayLength : null,
    data_type: `${dataType} (Automatically Detected)`,
    description: null,
    name,
    status: blocked?.has(name) ? 'Blocklisted' : 'Active',
    tag_names: [],
  };
}
