import type { Database } from '../../db/database.ts';
import { readGauges } from '../../dispatch/report/gauges.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { type MeterDump, textOf } from '../../metrics/meters.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import { checkPermission, keyOfHeader } from '../auth.ts';
import type { Page } from '../page.ts';

/** Nobody needs it more often, and each answer asks the database. */
const SHORTEST_MS = 250;

/**
 * /metrics, for Prometheus: what this process has counted, and what all servers share. It needs a key with the permission
 * `status.read`, also on the port of `/health`. Requests that come faster than four times a second share an answer.
 */
export function metricsPage(options: {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  /** The metrics of each thread of this process. */
  dumps(): Promise<readonly MeterDump[]>;
}): Page {
  const { db, clock, catalog } = options;
  const answers = new Map<number, { atMs: number; text: Promise<string> }>();

  async function textFor(workspaceId: number): Promise<string> {
    const workspace = catalog.workspace(workspaceId);
    if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
    const [dumps, gauges] = await Promise.all([options.dumps(), readGauges(db, workspace, clock.now())]);
    return textOf(dumps, gauges);
  }

  return {
    method: 'GET',
    path: '/metrics',
    async handle({ headers, address }) {
      const { authorization } = headers;
      const given = Array.isArray(authorization) ? undefined : authorization;
      const key = keyOfHeader(catalog, { headers: { authorization: given }, ip: address });
      checkPermission(key, 'status.read');
      const last = answers.get(key.workspaceId);
      const nowMs = clock.now().getTime();
      const isFresh = last !== undefined && Math.abs(nowMs - last.atMs) < SHORTEST_MS;
      const answer = isFresh ? last : { atMs: nowMs, text: textFor(key.workspaceId) };
      answers.set(key.workspaceId, answer);
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await answer.text };
    },
  };
}
