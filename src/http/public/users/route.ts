import type { Database } from '../../../db/database.ts';
import { forgetHistory } from '../../../dispatch/ledger/person/history.ts';
import { listReceived } from '../../../dispatch/ledger/person/received.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import { exportPeople } from '../../../people/export/export.ts';
import { addAliases } from '../../../people/profile/aliases.ts';
import { deletePeople } from '../../../people/profile/delete.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { asksForReceived, readDeleteRequest, readExportRequest, readNewAliases } from './request.ts';
import { trackRoutes } from './track-route.ts';

export interface UserRouteDeps {
  db: Database;
  catalog: Catalog;
  clock: Clock;
}

const minuteMs = 60_000;
export const identityBucket: RateBucket = { name: 'users_identity', limit: 20_000, windowMs: minuteMs };
const exportBucket: RateBucket = { name: 'users_export_ids', limit: 250, windowMs: minuteMs };
const cheapExportBucket: RateBucket = { name: 'users_export_ids_with_fields', limit: 40, windowMs: 1_000 };

/** The endpoints that store, export and delete people. Source: adjacent-endpoints.md §2. */
export function userRoutes(deps: UserRouteDeps): Route[] {
  return [
    ...trackRoutes(deps),
    {
      method: 'POST',
      path: '/users/alias/new',
      permission: 'users.alias.new',
      bucket: () => identityBucket,
      handle: (request) => handleNewAliases(deps, request),
    },
    {
      method: 'POST',
      path: '/users/export/ids',
      permission: 'users.export.ids',
      bucket: bucketOfExport,
      handle: (request) => handleExport(deps, request),
    },
    {
      method: 'POST',
      path: '/users/delete',
      permission: 'users.delete',
      bucket: () => identityBucket,
      handle: (request) => handleDelete(deps, request),
    },
  ];
}

async function handleNewAliases({ db, clock }: UserRouteDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const { aliases, count } = readNewAliases(body);
  await addAliases(db, { aliases, workspaceId, now: clock.now() });
  return { status: 201, body: { aliases_processed: count, message: 'success' } };
}

async function handleExport(
  { db, catalog, clock }: UserRouteDeps,
  { body, workspaceId }: RouteRequest,
): Promise<Answer> {
  const request = readExportRequest(body);
  const { users, unknown } = await exportPeople(db, {
    request,
    workspace: loadedWorkspace(catalog, workspaceId),
    now: clock.now(),
    listReceived,
  });
  const invalid = unknown.length > 0 ? { invalid_user_ids: unknown } : {};
  return { status: 201, body: { users, ...invalid, message: 'success' } };
}

async function handleDelete({ db, clock }: UserRouteDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const { request, count } = readDeleteRequest(body);
  await deletePeople(db, { workspaceId, request, alsoForget: forgetHistory, now: clock.now() });
  return { status: 201, body: { deleted: count, message: 'success' } };
}

/** Chooses the rate bucket of an export. Exports of received campaigns have a lower limit, because they cost more. */
function bucketOfExport(body: RawObject): RateBucket {
  return asksForReceived(body) ? exportBucket : cheapExportBucket;
}
