import type { Database } from '../../../db/database.ts';
import { createTodayCounter, type Today } from '../../../dispatch/report/console/today.ts';
import { listTroubles } from '../../../dispatch/report/console/troubles.ts';
import { listDispatches } from '../../../dispatch/report/dispatch-list.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { CatalogTrouble } from '../../../workspace/watch-catalog.ts';
import type { RefusedCallers } from '../../refused-callers.ts';
import type { OperatorRoute } from '../route.ts';

export interface HomeDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  catalogTrouble(): CatalogTrouble | null;
  refusedCallers: RefusedCallers;
}

const RECENT = 8;

/** What is wrong now and since when, what was accepted last, and what was sent today. */
export function homeRoutes({ db, clock, catalog, catalogTrouble, refusedCallers }: HomeDeps): OperatorRoute[] {
  const countToday = createTodayCounter({ db, clock });
  return [
    {
      method: 'GET',
      path: '/operator/v1/troubles',
      role: 'viewer',
      async handle({ workspaceId }) {
        const callers = refusedCallers.problems(workspaceId);
        const options = { now: clock.now(), catalogTrouble: catalogTrouble(), callers };
        const troubles = await listTroubles(db, workspaceOf(catalog, workspaceId), options);
        return { status: 200, body: { troubles, message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/home',
      role: 'viewer',
      async handle({ workspaceId }) {
        const any = {
          campaignId: null,
          segmentId: null,
          state: null,
          since: null,
          until: null,
          ids: null,
          after: null,
        };
        const { dispatches } = await listDispatches(db, { workspaceId, ...any, limit: RECENT });
        const today = describeToday(await countToday(workspaceId));
        return { status: 200, body: { recent: dispatches, today, message: 'success' } };
      },
    },
  ];
}

function workspaceOf(catalog: Catalog, id: number): WorkspaceCatalog {
  const workspace = catalog.workspace(id);
  if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
  return workspace;
}

function describeToday({ since, countedAt, rows }: Today): object {
  return { since, counted_at: countedAt, rows };
}
