import type { Database } from '../../../db/database.ts';
import { createTodayCounter, type Today } from '../../../dispatch/report/console/today.ts';
import type { Trouble } from '../../../dispatch/report/console/troubles.ts';
import type { Counter } from '../../../dispatch/report/counts.ts';
import { listDispatches } from '../../../dispatch/report/dispatch-list.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { OperatorRoute } from '../route.ts';

export interface HomeDeps {
  db: Database;
  clock: Clock;
  counter: Counter;
  catalog: Catalog;
  troublesOf(workspaceId: number): Promise<readonly Trouble[]>;
}

const RECENT = 8;

/** What is wrong now and since when, what was accepted last, and what was sent today. */
export function homeRoutes({ db, clock, counter, catalog, troublesOf }: HomeDeps): OperatorRoute[] {
  const countToday = createTodayCounter({ db, clock, counter });
  return [
    {
      method: 'GET',
      path: '/operator/v1/troubles',
      role: 'viewer',
      async handle({ workspaceId }) {
        return { status: 200, body: { troubles: await troublesOf(workspaceId), message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/home',
      role: 'viewer',
      async handle({ workspaceId }) {
        const asking = { workspaceId, workspace: catalog.workspace(workspaceId), now: clock.now() };
        const any = {
          campaignId: null,
          segmentId: null,
          state: null,
          since: null,
          until: null,
          ids: null,
          after: null,
        };
        const { dispatches } = await listDispatches(db, { ...asking, ...any, limit: RECENT });
        const today = describeToday(await countToday(workspaceId));
        return { status: 200, body: { recent: dispatches, today, message: 'success' } };
      },
    },
  ];
}

function describeToday({ since, countedAt, isCounting, rows }: Today): object {
  return { since, counted_at: countedAt, is_counting: isCounting, rows };
}
