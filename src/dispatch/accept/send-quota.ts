import type { Db } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { takeSends } from '../ledger/sent-days.ts';
import type { SendPlan } from '../plan/send-plan.ts';

const DAY_MS = 86_400_000;

/**
 * Counts the messages of a request toward the quota of its workspace: one for each person that it names, or that its list has,
 * and each channel. Those of an audience are counted as they are written; it is refused only when nothing is left. Throws
 * RequestError, and then nothing is counted.
 */
export async function chargeSends(
  db: Db,
  { id: workspaceId, quotas }: Pick<WorkspaceCatalog, 'id' | 'quotas'>,
  { names, list, messages }: Pick<SendPlan, 'names' | 'list' | 'messages'>,
  now: Date,
): Promise<void> {
  const most = quotas?.sendsPerDay;
  if (most === undefined) return;
  const sends = (list?.lines ?? names.length) * Object.keys(messages).length;
  if (await takeSends(db, { workspaceId, sends, now }, most)) return;
  const leftMs = DAY_MS - (now.getTime() % DAY_MS);
  const asked = sends === 0 ? 'an audience' : sends === 1 ? 'a message' : `${sends} messages`;
  const until = new Date(now.getTime() + leftMs).toISOString();
  throw new RequestError(
    'rate_limited',
    [
      `quota sends_per_day: the workspace may send ${most} messages a day, which leaves no room for ${asked} until ${until}`,
    ],
    Math.ceil(leftMs / 1_000),
  );
}
