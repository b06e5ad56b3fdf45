import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { PersonKey } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import { lockAddresses } from '../track/lock.ts';
import { hashesOf } from './deleted-addresses.ts';
import { lockHolders } from './holders.ts';

/** Time for which the state of an address is kept that nobody has, in milliseconds. Source: eligibility.md §3. */
export const WAITING_STATE_MS = 30 * 86_400_000;

/** Sets the email state of a person and of all who share their address. Does nothing when the person is gone. */
export async function setEmailState(
  db: Database,
  { workspaceId, person, state, now }: { workspaceId: number; person: PersonKey; state: GlobalState; now: Date },
): Promise<void> {
  await retry('people', () =>
    db.transaction(async (tx) => {
      const email = await emailOf(tx, workspaceId, person);
      const emails = email === null ? [] : [email];
      await lockAddresses(tx, workspaceId, emails);
      const holders = await lockHolders(tx, workspaceId, { emails, also: [person] });
      // The address may have changed before the locks were taken.
      if ((await emailOf(tx, workspaceId, person)) !== email) throw new Outdated('the address of a person changed');
      await changeState(tx, holders, state, now);
    }),
  );
}

export interface AddressStates {
  workspaceId: number;
  /** Email addresses in lower case. */
  emails: readonly string[];
  state: GlobalState;
  now: Date;
}

/**
 * Sets the email state of everybody who has one of these addresses. For an address that nobody has, the state waits for
 * the next person who gets it. `tx` must be run again when it throws Outdated.
 */
export async function setAddressStates(tx: Db, { workspaceId, emails, state, now }: AddressStates): Promise<void> {
  await lockAddresses(tx, workspaceId, emails);
  const holders = await lockHolders(tx, workspaceId, { emails });
  await changeState(tx, holders, state, now);
  const held = new Set(holders.map(({ email }) => email));
  const unheld = emails.filter((email) => !held.has(email));
  if (unheld.length > 0) await storeStates(tx, { workspaceId, emails: unheld, state, now });
}

async function storeStates(tx: Db, { workspaceId, emails, state, now }: AddressStates): Promise<void> {
  await tx.run(sql`
    insert into addresses (workspace_id, kind, address, email_state, email_state_at)
    select ${workspaceId}, 'email', address, ${state}, ${now}::timestamptz
      from (select distinct address from unnest(${emails}::text[]) as address order by address) as named
        on conflict (workspace_id, kind, address) do update
       set email_state = excluded.email_state, email_state_at = excluded.email_state_at`);
  if (state === 'unsubscribed') return;
  // The newer consent wins over what a deleted person had said.
  await tx.run(sql`
    update deleted_addresses
       set unsubscribed_at = null
     where workspace_id = ${workspaceId} and kind = 'email' and hash = any(${hashesOf(workspaceId, 'email', emails)}::bytea[])`);
}

/** Forgets the states that no person has come for in time. */
export async function forgetWaitingStates(db: Db, now: Date): Promise<void> {
  const since = new Date(now.getTime() - WAITING_STATE_MS);
  await db.run(sql`
    delete from addresses
     where email_state_at < ${since} and hard_bounced_at is null and marked_spam_at is null and invalid_at is null
       and suppressed_at is null`);
  await db.run(sql`update addresses set email_state = null, email_state_at = null where email_state_at < ${since}`);
}

async function changeState(tx: Db, people: readonly PersonKey[], state: GlobalState, now: Date): Promise<void> {
  if (people.length === 0) return;
  await tx.run(sql`
    update profiles p
       set email_state = ${state}, email_state_changed_at = ${now}
      from ${askedFor(people)}
     where ${inBucketsOf(people, sql`p.bucket`)} and p.bucket = asked.bucket and p.user_id = asked.user_id
       and p.email_state <> ${state}`);
}

/** The person's email address in lower case. null: the person is gone or has no address. */
async function emailOf(tx: Db, workspaceId: number, { bucket, userId }: PersonKey): Promise<string | null> {
  const row = await tx.maybeOne<{ email: string | null }>(sql`
    select lower(email) as email
      from profiles
     where bucket = ${bucket} and user_id = ${userId} and workspace_id = ${workspaceId}`);
  return row?.email ?? null;
}
