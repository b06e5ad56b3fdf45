import { textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { findRemembered } from '../consent/deleted-addresses.ts';
import { WAITING_STATE_MS } from '../consent/email-state.ts';
import type { PersonKey } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import type { KnownAddresses } from './known-addresses.ts';
import { NumberStates, type StoredState } from './number-states.ts';
import type { Wanted } from './wanted.ts';

interface Asked {
  wanted: Wanted;
  /** The people in memory. */
  people: readonly PersonKey[];
  workspace: WorkspaceCatalog;
  now: Date;
}

export async function loadKnownAddresses(tx: Db, asked: Asked): Promise<KnownAddresses> {
  const { wanted, workspace } = asked;
  const emails = [...new Set([...wanted.newEmails, ...wanted.emails])];
  const phones = [...new Set([...wanted.newPhones, ...wanted.phones])];
  const stored = await emailStates(tx, { workspaceId: workspace.id, emails, now: asked.now });
  const states = new Map(stored.map(({ email, state, changed_at }) => [email, { state, changedAt: changed_at }]));
  const remembered = await findRemembered(tx, workspace.id, [
    ...emails.map((address) => ({ kind: 'email' as const, address })),
    ...phones.map((address) => ({ kind: 'phone' as const, address })),
  ]);
  for (const { kind, address, unsubscribedAt } of remembered) {
    if (kind !== 'email' || unsubscribedAt === null || states.has(address)) continue;
    states.set(address, { state: 'unsubscribed', changedAt: unsubscribedAt });
  }
  return {
    emailStates: states,
    waiting: new Set(stored.flatMap(({ email, is_waiting }) => (is_waiting ? [email] : []))),
    remembered,
    numbers: await numberStates(tx, asked),
  };
}

/** The email state of each address: that of a person who has it, else the one that waits. */
async function emailStates(
  tx: Db,
  { workspaceId, emails, now }: { workspaceId: number; emails: readonly string[]; now: Date },
) {
  if (emails.length === 0) return [];
  return tx.prepared<{ email: string; state: GlobalState; changed_at: Date | null; is_waiting: boolean }>(
    'email_states',
    sql`
    select asked.email, coalesce(held.state, waiting.state) as state,
           case when held.state is null then waiting.changed_at else held.changed_at end as changed_at,
           held.state is null as is_waiting
      from unnest(${textArray(emails)}::text[]) as asked(email)
      left join lateral (
           select p.email_state as state, p.email_state_changed_at as changed_at
             from profiles p
            where lower(p.email) = lower(asked.email) and p.email is not null and p.workspace_id = ${workspaceId}
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

/** The states of the people in memory, and of those who have a number that the request gives to somebody. */
async function numberStates(tx: Db, { wanted, people, workspace }: Asked): Promise<NumberStates> {
  const groups = [...workspace.subscriptionGroups.values()].filter(({ channel }) => channel !== 'email');
  const groupIds = groups.map(({ id }) => id);
  if (wanted.newPhones.size === 0 || groupIds.length === 0) return new NumberStates(groupIds, []);
  const rows = await tx.query<StoredState & Record<string, unknown>>(sql`
    select h.user_id as "userId", h.phone, s.group_id as "groupId", s.state, s.changed_at as "changedAt"
      from (select bucket, user_id, phone
              from profiles
             where workspace_id = ${workspace.id} and phone = any(${[...wanted.newPhones]}::text[])
             union
            select p.bucket, p.user_id, p.phone
              from ${askedFor(people)}
              join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
             where ${inBucketsOf(people, sql`p.bucket`)}) as h
      join subscription_states s on s.bucket = h.bucket and s.user_id = h.user_id
     where s.group_id = any(${groupIds}::text[])
     order by s.changed_at, h.user_id`);
  return new NumberStates(groupIds, rows);
}
