import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { PersonKey } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import { lockAddresses } from '../track/lock.ts';

/** Sets the email state of a person and of all who share their address. Does nothing when the person is gone. */
export async function setEmailState(
  db: Database,
  { workspaceId, person, state, now }: { workspaceId: number; person: PersonKey; state: GlobalState; now: Date },
): Promise<void> {
  await retry('people', () =>
    db.transaction(async (tx) => {
      const email = await emailOf(tx, workspaceId, person);
      if (email !== null) await lockAddresses(tx, workspaceId, [email]);
      const holders = await lockHolders(tx, { workspaceId, person, email });
      // The address may have changed before the locks were taken.
      if ((await emailOf(tx, workspaceId, person)) !== email) throw new Outdated('the address of a person changed');
      await tx.run(sql`
        update profiles p
           set email_state = ${state}, email_state_changed_at = ${now}
          from ${askedFor(holders)}
         where ${inBucketsOf(holders, sql`p.bucket`)} and p.bucket = asked.bucket and p.user_id = asked.user_id
           and p.workspace_id = ${workspaceId} and p.email_state <> ${state}
           and (p.user_id = ${person.userId} or lower(p.email) = ${email})`);
    }),
  );
}

/** The person's email address in lower case. null: the person is gone or has no address. */
async function emailOf(tx: Db, workspaceId: number, { bucket, userId }: PersonKey): Promise<string | null> {
  const row = await tx.maybeOne<{ email: string | null }>(sql`
    select lower(email) as email
      from profiles
     where bucket = ${bucket} and user_id = ${userId} and workspace_id = ${workspaceId}`);
  return row?.email ?? null;
}

/** Locks the person and everybody who has the address, bucket by bucket, in key order. Returns all of them. */
async function lockHolders(
  tx: Db,
  { workspaceId, person, email }: { workspaceId: number; person: PersonKey; email: string | null },
): Promise<PersonKey[]> {
  const found = email === null ? [] : await peopleWith(tx, workspaceId, email);
  const holders = [person, ...found.filter(({ userId }) => userId !== person.userId)];
  const buckets = [...Map.groupBy(holders, ({ bucket }) => bucket)].sort(([one], [other]) => one - other);
  for (const [bucket, people] of buckets) {
    await tx.run(sql`
      select from profiles
       where bucket = ${bucket} and user_id = any(${people.map(({ userId }) => userId)}::bigint[])
         and workspace_id = ${workspaceId}
       order by user_id
         for update`);
  }
  return holders;
}

async function peopleWith(tx: Db, workspaceId: number, email: string): Promise<PersonKey[]> {
  const rows = await tx.query<{ bucket: number; user_id: number }>(sql`
    select bucket, user_id
      from profiles
     where workspace_id = ${workspaceId} and email is not null and lower(email) = ${email}`);
  return rows.map(({ bucket, user_id }) => ({ bucket, userId: user_id }));
}
