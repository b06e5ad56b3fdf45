import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import type { PersonKey, PersonName } from '../profile/identify.ts';
import { findByKey, type IdentityKey } from './find.ts';
import { lockWithNames } from './lock.ts';
import { type Merging, mergeLocked } from './merge.ts';
import { lockPair } from './merge-people.ts';

export interface Identification {
  /** Names the person who has no external id yet. */
  anonymous: IdentityKey;
  externalId: PersonName;
}

/**
 * Gives external ids to people who have none, one after the other, each in its own transaction. A new external id is
 * put on the person; if somebody has it, the two become one, unless that one has another alias with the same label.
 * Who is unknown, or has an external id, stays as it is: a plain success all the same. Source: adjacent-endpoints.md §2.5.
 */
export async function identifyPeople(
  db: Database,
  { identifications, ...merging }: Merging & { identifications: readonly Identification[] },
): Promise<void> {
  for (const one of identifications) {
    await retry('people', () => db.transaction((tx) => identify(tx, one, merging)));
  }
}

async function identify(tx: Db, { anonymous, externalId }: Identification, merging: Merging): Promise<void> {
  const { workspaceId, now } = merging;
  const target: IdentityKey = { kind: 'name', name: externalId };
  const person = await findByKey(tx, workspaceId, anonymous);
  if (person === null) return;
  if ((await findByKey(tx, workspaceId, target)) === null) {
    await giveExternalId(tx, { person, externalId: externalId.name, workspaceId, now });
    return;
  }
  const pair = await lockPair(tx, workspaceId, [anonymous, target]);
  if (pair === null) return;
  const [merged, kept] = pair;
  const hasLabel = anonymous.kind === 'name' && kept.aliases.has(anonymous.name.label);
  if (merged.externalId === null && !hasLabel) await mergeLocked(tx, { ...merging, merged, kept });
}

async function giveExternalId(
  tx: Db,
  { person, externalId, workspaceId, now }: { person: PersonKey; externalId: string; workspaceId: number; now: Date },
): Promise<void> {
  const taken = await tx.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    values (${workspaceId}, '', ${externalId}, ${person.bucket}, ${person.userId})
        on conflict do nothing`);
  if (taken === 0) throw new Outdated('somebody else has the external id by now');
  const locked = (await lockWithNames(tx, workspaceId, [person])).get(person.userId);
  if (locked === undefined) throw new Outdated('the person is gone');
  if (locked.externalId !== null) {
    await tx.run(sql`
      delete from user_names where workspace_id = ${workspaceId} and label = '' and name = ${externalId}`);
    return;
  }
  await tx.run(sql`
    update profiles
       set external_id = ${externalId}, updated_at = ${now}
     where bucket = ${person.bucket} and user_id = ${person.userId}`);
}
