import type { Db } from '../../../db/database.ts';
import { type ActivityRecord, listActivity } from '../../../dispatch/report/console/activity.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { nextCursor, readCursor, readLimit, readStorable } from '../../query.ts';
import type { OperatorRoute } from '../route.ts';

/** The log of requests to segments and audiences, and of what went wrong, for 60 hours. */
export function requestLogRoutes({ db }: { db: Db }): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/requests',
      role: 'viewer',
      query: ['category', 'limit', 'cursor'],
      async handle({ workspaceId, query }) {
        const category = readStorable(query, 'category');
        const after = readCursor(query, isPlace)?.id ?? null;
        const limit = readLimit(query, { usual: 50, most: 200 });
        const { records, next } = await listActivity(db, { workspaceId, category, after, limit });
        const cursor = nextCursor(next === null ? null : { id: next });
        return { status: 200, body: { requests: records.map(describe), ...cursor, message: 'success' } };
      },
    },
  ];
}

function describe({ id, at, category, dispatchId, record }: ActivityRecord): object {
  return { id, at, category, dispatch_id: dispatchId, record };
}

const dashedId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isPlace(value: unknown): value is { id: string } {
  return isObject(value) && typeof value.id === 'string' && dashedId.test(value.id);
}
