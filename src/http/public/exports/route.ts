import { randomBytes, randomUUID } from 'node:crypto';
import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import { fileUrl } from '../../../exports/file-url.ts';
import { cancelExports, type Refusal, storeExport } from '../../../exports/store.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { readSegmentExport, readSegmentId } from './request.ts';

interface ExportRouteDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  /** Base URL of the files. */
  publicUrl: string;
  /** Called when there is an export to write. */
  onStored(): void;
}

/** Time for which a file can be fetched. Source: more-endpoints.md §4.1. */
const VALID_MS = 4 * 3_600_000;

const refusals = { 'segment is running': 'export_running', 'too many': 'too_many_exports' } as const satisfies Record<
  Refusal,
  string
>;

/** The endpoints that export a segment's people to a file. Source: more-endpoints.md §4.1 and §4.2. */
export function exportRoutes(deps: ExportRouteDeps): Route[] {
  return [
    {
      method: 'POST',
      path: '/users/export/segment',
      permission: 'users.export.segment',
      handle: (request) => handleExport(deps, request),
    },
    {
      method: 'POST',
      path: '/export/segment/cancel',
      permission: 'segments.list',
      handle: (request) => handleCancel(deps, request),
    },
  ];
}

async function handleExport(
  { db, clock, catalog, publicUrl, onStored }: ExportRouteDeps,
  { body, workspaceId }: RouteRequest,
): Promise<Answer> {
  const { segmentId, parts, callbackUrl } = readSegmentExport(body, loadedWorkspace(catalog, workspaceId));
  const createdAt = clock.now();
  const id = randomUUID();
  const prefix = `${id}-${Math.floor(createdAt.getTime() / 1_000)}`;
  const token = randomBytes(32).toString('hex');
  const expiresAt = new Date(createdAt.getTime() + VALID_MS);
  const stored = { id, workspaceId, segmentId, parts: { ...parts, prefix }, token, callbackUrl, createdAt, expiresAt };
  const refusal = await db.transaction((tx) => storeExport(tx, stored));
  if (refusal !== null) throw new RequestError(refusals[refusal]);
  onStored();
  const url = fileUrl(publicUrl, { token, form: parts.form });
  return { status: 201, body: { object_prefix: prefix, url, message: 'success' } };
}

async function handleCancel(
  { db, clock, catalog }: ExportRouteDeps,
  { body, workspaceId }: RouteRequest,
): Promise<Answer> {
  const segmentId = readSegmentId(body, loadedWorkspace(catalog, workspaceId));
  await cancelExports(db, { workspaceId, segmentId, now: clock.now() });
  return { status: 201, body: { message: 'success' } };
}
