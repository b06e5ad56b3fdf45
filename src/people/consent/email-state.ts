import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { PersonKey } from '../profile/identify.ts';
import { lockAddresses } from '../track/lock.ts';

/** Sets the email state of a person and of all who share their address. Nothing happens when the person is gone. */
export async function setEmailState(
  db: Database,
  { workspaceId, person, state, now }: { workspaceId: number; person: PersonKey; state: GlobalState; now: Date },
): Promise<void> {
  await retry('people', () =>
    db.transaction(async (tx) => {
      const email = await emailOf(tx, workspaceId, person);
      if (email !== null) await lockAddresses(tx, workspaceId, [email]);
      await lockHolders(tx, { workspaceId, person, email });
      // The address may have changed before the locks were taken.
      if ((await emailOf(tx, workspaceId, person)) !== email) throw new Outdated('the address of a person changed');
      await tx.run(sql`
        update profiles
           set email_state = ${state}, email_state_changed_at = ${now}
         where workspace_id = ${workspaceId} and email_state <> ${state}
           and ((bucket = ${person.bucket} and user_id = ${person.userId})
                or (email is not null and lower(email) = ${email}))`);
    }),
  );
}

/** In lower case; null without an address. */
async function emailOf(tx: Db, workspaceId: number, { bucket, userId }: PersonKey): Promise<string | null> {
  const row = await tx.maybeOne<{ email: string | null }>(sql`
    select lower(email) as email
      from profiles
     where bucket = ${bucket} and user_id = ${userId} and workspace_id = ${workspaceId}`);
  return row?.email ?? null;
}

async function lockHolders(
  tx: Db,
  { workspaceId, person, email }: { workspaceId: number; person: PersonKey; email: string | null },
): Promise<void> {
  await tx.run(sql`
    select from profiles
     where workspace_id = ${workspaceId}
       and ((bucket = ${person.bucket} and user_id = ${person.userId})
            or (email is not null and lower(email) = ${email}))
     order by bucket, user_id
       for update`);
}
