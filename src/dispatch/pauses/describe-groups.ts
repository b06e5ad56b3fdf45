import { channels } from '../../channels/index.ts';
import type { Db } from '../../db/database.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { describePause } from './describe-relays.ts';
import { standingPauses } from './pauses-store.ts';
import { groupSubject } from './subject.ts';

/** The state of each subscription group whose messages go out with an account of its own, for operators. */
export async function describeGroups(db: Db, workspace: WorkspaceCatalog, now: Date): Promise<object[]> {
  const groups = [...workspace.subscriptionGroups.values()].filter(
    ({ channel }) => channels[channel].providers?.of === 'group',
  );
  const pauses = new Map((await standingPauses(db, workspace.id, now)).map((one) => [one.subject, one]));
  return groups.map(({ id, name, channel, archived, provider }) => ({
    ...{ subscription_group_id: id, name, channel, archived, provider: provider?.kind ?? null },
    ...(provider === undefined ? { state: 'sandbox' } : describePause(pauses.get(groupSubject(id)))),
  }));
}
