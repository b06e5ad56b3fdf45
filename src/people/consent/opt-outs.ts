import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { type GroupOrder, setGroupStates } from './group-states.ts';
import type { ConsentSource } from './record/source.ts';

/** Somebody who takes no messages of a subscription group any more, as a provider said. */
export interface OptOut {
  workspaceId: number;
  groupId: string;
  /** The number in E.164. */
  phone: string;
  /** Such as `twilio`. null: not known. */
  provider: string | null;
}

/** Unsubscribes everybody with these numbers from the groups. Who is unsubscribed already stays so. */
export async function storeOptOuts(db: Database, optOuts: readonly OptOut[], now: Date): Promise<void> {
  for (const [workspaceId, ofWorkspace] of Map.groupBy(optOuts, ({ workspaceId }) => workspaceId)) {
    const byGroup = Map.groupBy(ofWorkspace, ({ groupId, provider }) => `${provider ?? ''} ${groupId}`);
    const orders = [...byGroup.values()].flatMap(([first, ...others]): GroupOrder[] => {
      if (first === undefined) return [];
      const { groupId, provider } = first;
      const source: ConsentSource = { door: 'provider', ...(provider !== null && { provider }) };
      const addresses = [...new Set([first, ...others].map(({ phone }) => phone))];
      return [
        { groupId, kind: 'phone', state: 'unsubscribed', externalIds: [], asksToConfirm: false, addresses, source },
      ];
    });
    await retry('people', () => db.transaction((tx) => setGroupStates(tx, { workspaceId, orders, now })));
  }
}
