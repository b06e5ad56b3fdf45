import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { describePause } from '../pauses/describe-relays.ts';
import { type Pause, standingPauses } from '../pauses/pauses-store.ts';
import { appIdOf } from '../pauses/subject.ts';
import { type AppCalls, recentCalls } from './guard.ts';

/** The state of each app of a workspace with its push provider, for operators. */
export async function describeApps(db: Db, workspace: WorkspaceCatalog, now: Date): Promise<object[]> {
  const apps = [...workspace.apps.values()];
  const ids = apps.map(({ id }) => id);
  const closed = new Map((await standingPauses(db, workspace.id, now)).map((one) => [appIdOf(one.subject), one]));
  const calls = new Map((await recentCalls(db, ids, now)).map((one) => [one.appId, one]));
  const suspects = await countSuspects(db, ids);
  return apps.map(({ id, name, platform, provider }) => ({
    ...{ id, name, platform, provider: provider?.kind ?? null },
    ...stateOf(provider !== undefined, closed.get(id)),
    last_ten_minutes: countsOf(calls.get(id)),
    suspect_tokens: suspects.get(id) ?? 0,
  }));
}

function stateOf(hasProvider: boolean, closed: Pause | undefined): object {
  if (!hasProvider) return { state: 'sandbox' };
  return describePause(closed);
}

function countsOf(calls: AppCalls | undefined): object {
  return { calls: calls?.calls ?? 0, ambiguous: calls?.ambiguous ?? 0 };
}

async function countSuspects(db: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.query<{ app_id: string; count: number }>(sql`
    select app_id, count(*) as count
      from push_targets
     where app_id = any(${ids}::text[]) and suspect_since is not null
     group by app_id`);
  return new Map(rows.map(({ app_id, count }) => [app_id, count]));
}
