import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { dropTokens } from '../track/save-tokens.ts';
import type { PersonKey, PersonName } from './identify.ts';
import { resolveNames } from './identify.ts';
import { askedFor, inBucketsOf } from './person-keys.ts';
import { type Prioritization, pickByAddress } from './prioritization.ts';

export interface DeleteRequest {
  names: PersonName[];
  brazeIds: { bucket: number; userId: number; createdAtS: number }[];
  emails: { address: string; prioritization: Prioritization }[];
  phones: { address: string; prioritization: Prioritization }[];
}

/**
 * Deletes people and all that is stored about them. The flags of their addresses stay, because an unsubscribed or
 * bounced address must not be used again after a new import. Aggregated counts stay, too.
 */
export async function deletePeople(
  db: Database,
  { workspaceId, request, alsoForget }: { workspaceId: number; request: DeleteRequest; alsoForget: Forget },
): Promise<void> {
  await retry('people', () =>
    db.transaction(async (tx) => {
      const people = await lockForDeletion(tx, workspaceId, request);
      if (people.length === 0) return;
      await alsoForget(tx, people);
      await deleteLocked(tx, people);
    }),
  );
}

/** Deletes, within the transaction, what other modules store about the deleted people. The people are locked. */
export type Forget = (tx: Db, people: readonly PersonKey[]) => Promise<void>;

async function lockForDeletion(tx: Db, workspaceId: number, request: DeleteRequest): Promise<PersonKey[]> {
  const named = await resolveNames(tx, workspaceId, request.names);
  const candidates = [
    ...named.values(),
    ...request.brazeIds,
    ...(await pickByAddress(tx, { workspaceId, kind: 'email', addresses: request.emails })),
    ...(await pickByAddress(tx, { workspaceId, kind: 'phone', addresses: request.phones })),
  ];
  if (candidates.length === 0) return [];
  // Names are locked before profiles, each in key order: the order of every writer of people (see track/lock.ts).
  await tx.run(sql`
    select from user_names n
     where (n.bucket, n.user_id) in (${keysOf(candidates)}) and n.workspace_id = ${workspaceId}
     order by n.label, n.name
       for update`);
  const rows = await tx.query<{ bucket: number; user_id: number; created_at: Date }>(sql`
    select bucket, user_id, created_at
      from profiles
     where ${inBucketsOf(candidates, sql`bucket`)} and (bucket, user_id) in (${keysOf(candidates)})
       and workspace_id = ${workspaceId}
     order by bucket, user_id
       for update`);
  const createdAtS = new Map(request.brazeIds.map((id) => [id.userId, id.createdAtS]));
  const known = new Set([...named.values()].map(({ userId }) => userId));
  return rows
    .filter((row) => {
      const expected = createdAtS.get(row.user_id);
      return (
        known.has(row.user_id) || expected === undefined || expected === Math.floor(row.created_at.getTime() / 1000)
      );
    })
    .map((row) => ({ bucket: row.bucket, userId: row.user_id }));
}

function keysOf(people: readonly PersonKey[]): Sql {
  return sql`select * from ${askedFor(people)}`;
}

/** Deletes locked people with everything about them that `people` stores. */
export async function deleteLocked(tx: Db, people: readonly PersonKey[]): Promise<void> {
  await dropTokens(tx, people);
  await tx.run(sql`delete from user_names where (bucket, user_id) in (${keysOf(people)})`);
  const these = sql`${inBucketsOf(people, sql`bucket`)} and (bucket, user_id) in (${keysOf(people)})`;
  await tx.run(sql`
    with states as (delete from subscription_states where ${these}),
         their_events as (delete from events where ${these}),
         their_purchases as (delete from purchases where ${these}),
         totals as (delete from activity_totals where ${these}),
         uninstalls as (delete from app_uninstalls where ${these}),
         received as (delete from received_totals where ${these})
    delete from profiles where ${these}`);
}
