import type { Database } from '../../../db/database.ts';
import { listTroubles, type Trouble } from '../../../dispatch/report/console/troubles.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { CatalogTrouble } from '../../../workspace/watch-catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { RefusedCallers } from '../../refused-callers.ts';

export interface TroubleDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  catalogTrouble(): CatalogTrouble | null;
  refusedCallers: RefusedCallers;
}

/** Lists what is wrong with a workspace. All who ask while it is looked up share the answer. */
export function createTroubleList({
  db,
  clock,
  catalog,
  catalogTrouble,
  refusedCallers,
}: TroubleDeps): (workspaceId: number) => Promise<readonly Trouble[]> {
  const asked = new Map<number, Promise<readonly Trouble[]>>();
  return (workspaceId) => {
    const known = asked.get(workspaceId);
    if (known !== undefined) return known;
    const callers = refusedCallers.problems(workspaceId);
    const options = { now: clock.now(), catalogTrouble: catalogTrouble(), callers };
    const answer = listTroubles(db, loadedWorkspace(catalog, workspaceId), options);
    asked.set(workspaceId, answer);
    const forget = () => asked.delete(workspaceId);
    answer.then(forget, forget);
    return answer;
  };
}
