import { textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { GlobalState } from '../../../templating/facts.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { type Address, findRemembered } from '../../consent/deleted-addresses.ts';
import { WAITING_STATE_MS } from '../../consent/email-state.ts';
import type { PersonKey } from '../../profile/identify.ts';
import { askedFor, inBucketsOf } from '../../profile/person-keys.ts';
import type { Wanted } from '../wanted.ts';
import { AddressGroups, type StoredState } from './address-groups.ts';
import { havingEmail, havingEmails, havingPhone } from './having.ts';
import type { KnownAddresses } from './known-addresses.ts';

interface Asked {
  wanted: Wanted;
  workspace: WorkspaceCatalog;
  now: Date;
}

/**
 * What is known of the addresses that requests may give to people, which are locked, but for their group states. `held`: the
 * email addresses that somebody has.
 */
export async function loadAddressStates(
  tx: Db,
  { wanted, workspace, now }: Asked,
): Promise<Omit<KnownAddresses, 'groups'> & { held: ReadonlySet<string> }> {
  const emails = [...new Set([...wanted.newEmails, ...wanted.emails])];
  const phones = [...new Set([...wanted.newPhones, ...wanted.phones])];
  const [stored, remembered] = await Promise.all([
    emailStates(tx, { workspaceId: workspace.id, emails, now }),
    findRemembered(tx, workspace.id, [
      ...emails.map((address) => ({ kind: 'email' as const, address })),
      ...phones.map((address) => ({ kind: 'phone' as const, address })),
    ]),
  ]);
  const states = new Map(stored.map(({ email, state, changed_at }) => [email, { state, changedAt: changed_at }]));
  for (const { kind, address, unsubscribedAt } of remembered) {
    if (kind !== 'email' || unsubscribedAt === null || states.has(address)) continue;
    states.set(address, { state: 'unsubscribed', changedAt: unsubscribedAt });
  }
  const among = (isWaiting: boolean) =>
    new Set(stored.flatMap(({ email, is_waiting }) => (is_waiting === isWaiting ? [email] : [])));
  return { emailStates: states, waiting: among(true), held: among(false), remembered };
}

interface StoredEmailState {
  email: string;
  state: GlobalState;
  changed_at: Date | null;
  is_waiting: boolean;
}

interface AskedStates {
  workspaceId: number;
  /** In lower case. */
  emails: readonly string[];
  now: Date;
}

/** Of such texts PostgreSQL makes the same in lower case as the runtime does. */
const ASCII = /^[\x20-\x7e]*$/;

/** The email state of each address: that of a person who has it, else the one that waits. Addresses without any are missing. */
async function emailStates(tx: Db, { emails, ...asked }: AskedStates): Promise<StoredEmailState[]> {
  const plain = emails.filter((email) => ASCII.test(email));
  const others = plain.length === emails.length ? [] : emails.filter((email) => !ASCII.test(email));
  const [found, foundOthers] = await Promise.all([
    plain.length === 0 ? [] : plainEmailStates(tx, { emails: plain, ...asked }),
    others.length === 0 ? [] : otherEmailStates(tx, { emails: others, ...asked }),
  ]);
  return [...found, ...foundOthers];
}

/** The same of addresses in ASCII, which are searched for in one go: a third of the time. */
async function plainEmailStates(tx: Db, { workspaceId, emails, now }: AskedStates): Promise<StoredEmailState[]> {
  const given = textArray(emails);
  const rows = await tx.prepared<StoredEmailState & Record<string, unknown>>(
    'email_states',
    sql`
    select * from (
           select distinct on (lower(p.email)) lower(p.email) as email, p.email_state as state,
                  p.email_state_changed_at as changed_at, false as is_waiting
             from ${havingEmails(sql`${given}::text[]`)} as p
            where p.workspace_id = ${workspaceId}
            order by lower(p.email), p.email_state_changed_at desc nulls last, p.user_id) as held
     union all
    select address, email_state, email_state_at, true
      from addresses
     where workspace_id = ${workspaceId} and kind = 'email' and address = any(${given}::text[])
       and email_state is not null and email_state_at >= ${new Date(now.getTime() - WAITING_STATE_MS)}`,
  );
  const held = new Set(rows.flatMap(({ email, is_waiting }) => (is_waiting ? [] : [email])));
  return rows.filter(({ email, is_waiting }) => !(is_waiting && held.has(email)));
}

function otherEmailStates(tx: Db, { workspaceId, emails, now }: AskedStates): Promise<StoredEmailState[]> {
  return tx.prepared<StoredEmailState & Record<string, unknown>>(
    'email_states_one_by_one',
    sql`
    select asked.email, coalesce(held.state, waiting.state) as state,
           case when held.state is null then waiting.changed_at else held.changed_at end as changed_at,
           held.state is null as is_waiting
      from unnest(${textArray(emails)}::text[]) as asked(email)
      left join lateral (
           select p.email_state as state, p.email_state_changed_at as changed_at
             from ${havingEmail(sql`asked.email`)} as p
            where p.workspace_id = ${workspaceId}
            order by p.email_state_changed_at desc nulls last, p.user_id
            limit 1) as held on true
      left join lateral (
           select a.email_state as state, a.email_state_at as changed_at
             from addresses a
            where a.workspace_id = ${workspaceId} and a.kind = 'email' and a.address = lower(asked.email)
              and a.email_state_at >= ${new Date(now.getTime() - WAITING_STATE_MS)}) as waiting on true
     where held.state is not null or waiting.state is not null`,
  );
}

/**
 * The group states of the people in memory, of those who have an address that the request gives to somebody, and those
 * that wait for the owner of an address.
 */
export async function loadGroupStates(
  tx: Db,
  { wanted, people, workspace, now }: Asked & { people: readonly PersonKey[] },
): Promise<AddressGroups> {
  const kinds = new Map([...workspace.subscriptionGroups.values()].map(({ id, channel }) => [id, kindOf(channel)]));
  const has = (kind: Address['kind']) => [...kinds.values()].includes(kind);
  const [newEmails, newPhones] = [has('email') ? [...wanted.newEmails] : [], has('phone') ? [...wanted.newPhones] : []];
  // A person whom an address names may be made, and then gets the address.
  const emails = has('email') ? [...newEmails, ...wanted.emails] : [];
  const phones = has('phone') ? [...newPhones, ...wanted.phones] : [];
  if (emails.length + phones.length === 0) return new AddressGroups(kinds, []);
  const userIds = people.map(({ userId }) => userId);
  const rows = await tx.query<StoredState & Record<string, unknown>>(sql`
    select 'person' as of, asked.user_id as "userId", null as kind, null as address, s.group_id as "groupId", s.state,
           s.changed_at as "changedAt"
      from ${askedFor(people)}
      join subscription_states s on s.bucket = asked.bucket and s.user_id = asked.user_id
     where ${inBucketsOf(people, sql`s.bucket`)}
     union all
    select * from (
           select distinct on (h.kind, h.address, s.group_id) 'holders', null::bigint, h.kind, h.address, s.group_id,
                  s.state, s.changed_at
             from (select 'email' as kind, asked.email as address, p.bucket, p.user_id
                     from unnest(${newEmails}::text[]) as asked(email)
                    cross join lateral ${havingEmail(sql`asked.email`)} as p
                    where p.workspace_id = ${workspace.id}
                    union all
                   select 'phone', p.phone, p.bucket, p.user_id
                     from unnest(${newPhones}::text[]) as asked(phone)
                    cross join lateral ${havingPhone(sql`asked.phone`)} as p
                    where p.workspace_id = ${workspace.id}) as h
             join subscription_states s on s.bucket = h.bucket and s.user_id = h.user_id
            where h.user_id <> all(${userIds}::bigint[])
            order by h.kind, h.address, s.group_id, s.changed_at desc, h.user_id desc) as held
     union all
    select 'nobody', null, kind, address, group_id, state, set_at
      from waiting_group_states
     where workspace_id = ${workspace.id} and set_at >= ${new Date(now.getTime() - WAITING_STATE_MS)}
       and ((kind = 'email' and address = any(${emails}::text[])) or (kind = 'phone' and address = any(${phones}::text[])))`);
  return new AddressGroups(kinds, rows);
}

function kindOf(channel: 'email' | 'sms' | 'whats_app'): Address['kind'] {
  return channel === 'email' ? 'email' : 'phone';
}
