import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { PersonKey } from '../profile/identify.ts';

/** A locked person with their addresses: the email address in lower case, the number in E.164. */
export interface LockedHolder extends PersonKey {
  email: string | null;
  phone: string | null;
  emailState: GlobalState;
}

export interface Held {
  /** Email addresses in lower case. Default: none. */
  emails?: readonly string[];
  /** Phone numbers in E.164. Default: none. */
  phones?: readonly string[];
  /** People to lock whatever addresses they have. Default: none. */
  also?: readonly PersonKey[];
}

/**
 * Locks everybody who has one of the addresses, and `also`, bucket by bucket, in key order. Returns all of them; who is
 * gone is missing. The caller holds the locks of the addresses.
 */
export async function lockHolders(
  tx: Db,
  workspaceId: number,
  { emails = [], phones = [], also = [] }: Held,
): Promise<LockedHolder[]> {
  const found = await peopleWith(tx, workspaceId, { emails, phones });
  const asked = new Map([...also, ...found].map((person) => [person.userId, person]));
  const buckets = [...Map.groupBy(asked.values(), ({ bucket }) => bucket)].sort(([one], [other]) => one - other);
  const certain = also.map(({ userId }) => userId);
  const locked: LockedHolder[] = [];
  for (const [bucket, people] of buckets) {
    const rows = await tx.query<HolderRow>(sql`
      select user_id, lower(email) as email, phone, email_state
        from profiles
       where bucket = ${bucket} and user_id = any(${people.map(({ userId }) => userId)}::bigint[])
         and workspace_id = ${workspaceId}
         and (user_id = any(${certain}::bigint[]) or lower(email) = any(${emails}::text[]) or phone = any(${phones}::text[]))
       order by user_id
         for update`);
    locked.push(
      ...rows.map(({ user_id, email_state, ...row }) => ({ ...row, bucket, userId: user_id, emailState: email_state })),
    );
  }
  return locked;
}

interface HolderRow extends Record<string, unknown> {
  user_id: number;
  email: string | null;
  phone: string | null;
  email_state: GlobalState;
}

/** The keys of everybody who has one of the addresses, without a lock. */
export async function peopleWith(
  tx: Db,
  workspaceId: number,
  { emails, phones }: { emails: readonly string[]; phones: readonly string[] },
): Promise<PersonKey[]> {
  if (emails.length + phones.length === 0) return [];
  const rows = await tx.query<{ bucket: number; user_id: number }>(sql`
    select bucket, user_id
      from profiles
     where workspace_id = ${workspaceId} and email is not null and lower(email) = any(${emails}::text[])
     union
    select bucket, user_id
      from profiles
     where workspace_id = ${workspaceId} and phone = any(${phones}::text[])`);
  return rows.map(({ bucket, user_id }) => ({ bucket, userId: user_id }));
}
