import type { Db } from '../../db/database.ts';
import type { Delivered } from '../ledger/delivered.ts';
import { keyOf, lockPauses, type PauseKey } from '../pauses/pauses-store.ts';
import { appSubject } from '../pauses/subject.ts';

/** A result that may wait for paused apps. */
interface Waiting extends Pick<Delivered, 'verdict' | 'waitsForApps'> {
  workspaceId: number;
}

/**
 * Makes due at once what was set aside for a pause that has ended meanwhile, or that never came because the answer belongs to
 * former settings. Nobody would release it before its time. To be called before the verdicts are written, in the same
 * transaction. True: this process does not know the pauses as they are.
 */
export async function releaseFromEnded(tx: Db, results: readonly Waiting[]): Promise<boolean> {
  const waiting = results.filter((one) => one.waitsForApps !== undefined && one.verdict.status === 'pending');
  if (waiting.length === 0) return false;
  const keys = new Map(waiting.flatMap(keysOf).map((key) => [keyOf(key), key]));
  const paused = await lockPauses(tx, [...keys.values()]);
  const released = waiting.filter((one) => keysOf(one).some((key) => !paused.has(keyOf(key))));
  for (const one of released) one.verdict = { ...one.verdict, dueAt: null };
  return released.length > 0;
}

function keysOf({ workspaceId, waitsForApps = [] }: Waiting): PauseKey[] {
  return waitsForApps.map((appId) => ({ workspaceId, subject: appSubject(appId) }));
}
