import type { Db } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { giveBackSends, takeSends } from '../ledger/sent-days.ts';
import type { SendPlan } from '../plan/send-plan.ts';

const DAY_MS = 86_400_000;

/**
 * Counts the messages of a request toward the quota of its workspace: one for each person that it names, or that its list has,
 * and each channel. Those of an audience are counted as they are written; it is refused only when nothing is left. Throws
 * RequestError, and then nothing is counted. Returns how many were counted.
 */
export async function chargeSends(
  db: Db,
  { id: workspaceId, quotas }: Pick<WorkspaceCatalog, 'id' | 'quotas'>,
  { names, list, messages }: Pick<SendPlan, 'names' | 'list' | 'messages'>,
  now: Date,
): Promise<number> {
  const most = quotas?.sendsPerDay;
  if (most === undefined) return 0;
  const sends = (list?.lines ?? names.length) * Object.keys(messages).length;
  if (await takeSends(db, { workspaceId, sends, now }, most)) return sends;
  const leftMs = DAY_MS - (now.getTime() % DAY_MS);
  const asked = sends === 0 ? 'an audience' : sends === 1 ? 'a message' : `${sends} messages`;
  const until = new Date(now.getTime() + leftMs).toISOString();
  throw new RequestError(
    'quota_used_up',
    [
      `quota sends_per_day: the workspace may send ${most} messages a day, which leaves no room for ${asked} until ${until}`,
    ],
    Math.ceil(leftMs / 1_000),
  );
}

/**
 * Counts the messages of a request, and accepts it. If it is refused all the same, the count is given back. After an error of
 * the database nobody knows whether the request was stored, so it stays counted.
 */
export async function acceptWithinQuota<T>(
  db: Db,
  workspace: Pick<WorkspaceCatalog, 'id' | 'quotas'>,
  { plan, now }: { plan: Pick<SendPlan, 'names' | 'list' | 'messages'>; now: Date },
  accept: () => Promise<T>,
): Promise<T> {
  const sends = await chargeSends(db, workspace, plan, now);
  try {
    return await accept();
  } catch (error) {
    if (sends > 0 && error instanceof RequestError) await giveBackSends(db, { workspaceId: workspace.id, sends, now });
    throw error;
  }
}
