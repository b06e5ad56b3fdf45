import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import type { PersonKey } from '../profile/identify.ts';
import { findByKey, type IdentityKey } from './find.ts';
import { type LockedPerson, lockWithNames } from './lock.ts';
import { type Merging, mergeLocked } from './merge.ts';

export interface MergeUpdate {
  merge: IdentityKey;
  keep: IdentityKey;
}

/**
 * Merges people, one update after the other, each in its own transaction. An update that names nobody, or one person
 * on both sides, does nothing; so the same request may be sent again after a failure.
 */
export async function mergePeople(
  db: Database,
  { updates, ...merging }: Merging & { updates: readonly MergeUpdate[] },
): Promise<void> {
  for (const { merge, keep } of updates) {
    await retry('people', () =>
      db.transaction(async (tx) => {
        const pair = await lockPair(tx, merging.workspaceId, [merge, keep]);
        if (pair !== null) await mergeLocked(tx, { ...merging, merged: pair[0], kept: pair[1] });
      }),
    );
  }
}

/** Locks the two people. null: a key names nobody, or both name the same person. Throws Outdated: retry. */
export async function lockPair(
  tx: Db,
  workspaceId: number,
  keys: readonly [IdentityKey, IdentityKey],
): Promise<[LockedPerson, LockedPerson] | null> {
  const found = await findPair(tx, workspaceId, keys);
  if (found === null) return null;
  const locked = await lockWithNames(tx, workspaceId, found);
  const again = await findPair(tx, workspaceId, keys);
  const [one, other] = [locked.get(found[0].userId), locked.get(found[1].userId)];
  const isSame = again?.every((key, index) => key.userId === found[index]?.userId) ?? false;
  if (!isSame || one === undefined || other === undefined) throw new Outdated('another person is named by now');
  return [one, other];
}

async function findPair(
  tx: Db,
  workspaceId: number,
  [one, other]: readonly [IdentityKey, IdentityKey],
): Promise<[PersonKey, PersonKey] | null> {
  const first = await findByKey(tx, workspaceId, one);
  const second = first && (await findByKey(tx, workspaceId, other));
  return first === null || second === null || first.userId === second.userId ? null : [first, second];
}
