import type { Db } from '../../db/database.ts';
import { Outdated } from '../../db/retry.ts';
import { empty, raw, sql } from '../../db/sql.ts';
import type { PersonKey } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import { lockAddresses } from '../track/lock.ts';

/** A locked person: what decides whether two people may become one. */
export interface LockedPerson extends PersonKey {
  externalId: string | null;
  /** The aliases, by label. */
  aliases: ReadonlyMap<string, string>;
}

interface Addresses {
  user_id: number;
  external_id: string | null;
  email: string | null;
  phone: string | null;
}

/**
 * Locks people with all that names them, in the order of every writer of people (see track/lock.ts). Returns them by
 * user id; a person who is gone is missing. Throws Outdated: retry.
 */
export async function lockWithNames(
  tx: Db,
  workspaceId: number,
  people: readonly PersonKey[],
): Promise<Map<number, LockedPerson>> {
  const before = await readAddresses(tx, workspaceId, people, '');
  const addresses = before.flatMap(({ email, phone }) => [email?.toLowerCase(), phone]);
  await lockAddresses(
    tx,
    workspaceId,
    addresses.filter((address) => address !== null && address !== undefined),
  );
  const names = await tx.query<{ user_id: number; label: string; name: string }>(sql`
    select n.user_id, n.label, n.name
      from user_names n
     where (n.bucket, n.user_id) in (select * from ${askedFor(people)}) and n.workspace_id = ${workspaceId}
     order by n.label, n.name
       for update`);
  const after = await readAddresses(tx, workspaceId, people, 'for update');
  if (JSON.stringify(after) !== JSON.stringify(before)) throw new Outdated('a person changed');
  const keys = new Map(people.map((key) => [key.userId, key]));
  return new Map(
    after.flatMap(({ user_id, external_id }) => {
      const key = keys.get(user_id);
      if (key === undefined) return [];
      const aliases = names.filter((one) => one.user_id === user_id && one.label !== '');
      return [
        [
          user_id,
          {
            ...{ bucket: key.bucket, userId: user_id, externalId: external_id },
            aliases: new Map(aliases.map(({ label, name }) => [label, name])),
          },
        ],
      ];
    }),
  );
}

async function readAddresses(
  tx: Db,
  workspaceId: number,
  people: readonly PersonKey[],
  lock: '' | 'for update',
): Promise<Addresses[]> {
  return tx.query<Addresses & Record<string, unknown>>(sql`
    select user_id, external_id, email, phone
      from profiles
     where ${inBucketsOf(people, sql`bucket`)} and (bucket, user_id) in (select * from ${askedFor(people)})
       and workspace_id = ${workspaceId}
     order by bucket, user_id
     ${lock === '' ? empty : raw(lock)}`);
}
