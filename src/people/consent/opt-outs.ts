import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { setGroupStates } from './group-states.ts';

/** Somebody who takes no messages of a subscription group any more, as a provider said. */
export interface OptOut {
  workspaceId: number;
  groupId: string;
  /** The number in E.164. */
  phone: string;
}

/** Unsubscribes everybody with these numbers from the groups. Who is unsubscribed already stays so. */
export async function storeOptOuts(db: Database, optOuts: readonly OptOut[], now: Date): Promise<void> {
  for (const [workspaceId, ofWorkspace] of Map.groupBy(optOuts, ({ workspaceId }) => workspaceId)) {
    const orders = [...Map.groupBy(ofWorkspace, ({ groupId }) => groupId)].map(([groupId, ones]) => ({
      ...({ groupId, kind: 'phone', state: 'unsubscribed', externalIds: [], asksToConfirm: false } as const),
      addresses: [...new Set(ones.map(({ phone }) => phone))],
    }));
    await retry('people', () => db.transaction((tx) => setGroupStates(tx, { workspaceId, orders, now })));
  }
}
