import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { PersonKey } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import { lockAddresses } from '../track/lock.ts';
import { hashesOf } from './deleted-addresses.ts';
import { type LockedHolder, lockHolders } from './holders.ts';
import type { ConsentSource } from './record/source.ts';
import { recordConsent } from './record/write.ts';

/** Time for which the state of an address is kept that nobody has, in milliseconds. Source: eligibility.md §3. */
export const WAITING_STATE_MS = 30 * 86_400_000;

/** Sets the email state of a person and of all who share their address. Does nothing when the person is gone. */
export async function setEmailState(
  db: Database,
  { person, ...change }: Omit<AddressStates, 'emails'> & { person: PersonKey },
): Promise<void> {
  const { workspaceId } = change;
  await retry('people', () =>
    db.transaction(async (tx) => {
      const email = await emailOf(tx, workspaceId, person);
      const emails = email === null ? [] : [email];
      await lockAddresses(tx, workspaceId, emails);
      const holders = await lockHolders(tx, workspaceId, { emails, also: [person] });
      // The address may have changed before the locks were taken.
      if ((await emailOf(tx, workspaceId, person)) !== email) throw new Outdated('the address of a person changed');
      await changeState(tx, holders, change);
    }),
  );
}

export interface AddressStates {
  workspaceId: number;
  /** Email addresses in lower case. */
  emails: readonly string[];
  state: GlobalState;
  source: ConsentSource;
  now: Date;
}

/**
 * Sets the email state of everybody who has one of these addresses. For an address that nobody has, the state waits for
 * the next person who gets it. `tx` must be run again when it throws Outdated.
 */
export async function setAddressStates(tx: Db, change: AddressStates): Promise<void> {
  const { workspaceId, emails } = change;
  await lockAddresses(tx, workspaceId, emails);
  const holders = await lockHolders(tx, workspaceId, { emails });
  await changeState(tx, holders, change);
  const held = new Set(holders.map(({ email }) => email));
  const unheld = emails.filter((email) => !held.has(email));
  if (unheld.length > 0) await storeStates(tx, { ...change, emails: unheld });
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

/** Changes the state of locked people, and records it. */
async function changeState(
  tx: Db,
  holders: readonly LockedHolder[],
  { workspaceId, state, source, now }: Omit<AddressStates, 'emails'>,
): Promise<void> {
  const people = holders.filter(({ emailState }) => emailState !== state);
  if (people.length === 0) return;
  await tx.run(sql`
    update profiles p
       set email_state = ${state}, email_state_changed_at = ${now}
      from ${askedFor(people)}
     where ${inBucketsOf(people, sql`p.bucket`)} and p.bucket = asked.bucket and p.user_id = asked.user_id
       and p.email_state <> ${state}`);
  const of = { subject: 'email' as const, groupId: null, state, source };
  const changes = people.map(({ bucket, userId, email, emailState }) => ({
    ...{ bucket, userId, ...of, previous: emailState, address: email },
  }));
  await recordConsent(tx, { workspaceId, changes, now });
}

/** The person's email address in lower case. null: the person is gone or has no address. */
async function emailOf(tx: Db, workspaceId: number, { bucket, userId }: PersonKey): Promise<string | null> {
  const row = await tx.maybeOne<{ email: string | null }>(sql`
    select lower(email) as email
      from profiles
     where bucket = ${bucket} and user_id = ${userId} and workspace_id = ${workspaceId}`);
  return row?.email ?? null;
}
