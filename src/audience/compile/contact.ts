import { empty, type Sql, sql } from '../../db/sql.ts';
import { idKey } from '../../workspace/catalog.ts';
import type { AudienceContext } from '../context.ts';
import type { AddressFlag, Leaf } from '../grammar/filter.ts';
import { own } from './own.ts';

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

/** A person who is unsubscribed from email is unsubscribed from every email group, too. Source: eligibility.md §3. */
export function subscriptionGroup(leaf: LeafOf<'subscription_group'>, context: AudienceContext): Sql {
  const groupId = idKey(leaf.groupId);
  const isEmailGroup = context.workspace.subscriptionGroups.get(groupId)?.channel === 'email';
  const overruled = isEmailGroup ? sql`p.email_state = 'unsubscribed'` : sql`false`;
  const stored = sql`select s.state from subscription_states s
    where ${own('s', context)} and s.group_id = ${groupId}`;
  const state = sql`case when ${overruled} then 'unsubscribed' else coalesce((${stored}), 'unknown') end`;
  return leaf.is ? sql`(${state} = ${leaf.state})` : sql`(${state} <> ${leaf.state})`;
}

const flagColumns: Readonly<Record<AddressFlag, { kind: 'email' | 'phone'; column: Sql }>> = {
  hard_bounced: { kind: 'email', column: sql`a.hard_bounced_at` },
  marked_spam: { kind: 'email', column: sql`a.marked_spam_at` },
  phone_invalid: { kind: 'phone', column: sql`a.invalid_at` },
};

function hasFlag(kind: 'email' | 'phone', isFlagged: Sql): Sql {
  const address = kind === 'email' ? sql`lower(p.email)` : sql`p.phone`;
  return sql`exists (
    select from addresses a
     where a.workspace_id = p.workspace_id and a.kind = ${kind} and a.address = ${address} and (${isFlagged}))`;
}

export function addressFlag(leaf: LeafOf<'address_flag'>): Sql {
  const { kind, column } = flagColumns[leaf.flag];
  const is = hasFlag(kind, sql`${column} is not null`);
  return leaf.is ? is : sql`(not ${is})`;
}

export function emailAvailable(leaf: LeafOf<'email_available'>): Sql {
  const isUnusable = hasFlag('email', sql`a.hard_bounced_at is not null or a.marked_spam_at is not null`);
  const is = sql`(p.email is not null and p.email_state <> 'unsubscribed' and not ${isUnusable})`;
  return leaf.is ? is : sql`(not ${is})`;
}

export function pushEnabled(leaf: LeafOf<'push_enabled'>, context: AudienceContext): Sql {
  const onPlatform = leaf.platform === null ? empty : sql` and t.platform = ${leaf.platform}`;
  const inApp = leaf.appId === null ? empty : sql` and t.app_id = ${idKey(leaf.appId)}`;
  return sql`(p.push_state <> 'unsubscribed' and exists (
    select from push_targets t
     where ${own('t', context)} and t.foreground${onPlatform}${inApp}))`;
}
