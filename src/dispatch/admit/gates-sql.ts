import type { ChannelKey } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import type { PushTarget } from '../../people/profile/facts.ts';

/** A visible message of one channel, as far as it is known before it exists. */
export interface ReachQuestion {
  key: ChannelKey;
  /** The subscription group whose members alone may get it. null: no group decides. */
  groupId: string | null;
  /** How the numbers begin that the group allows. null: it allows all, or no group decides. */
  dialingCodes: readonly string[] | null;
  requiredState: RequiredState;
  workspaceId: number;
}

/**
 * Fragment: steps 5 to 8a of eligibility.md §1 for a million people at once. It has the gates of `decide.ts` as one
 * condition on `m`, which has bucket, user_id, email, phone, email_state and push_state of a person.
 * test/gates-differential.test.ts checks that both agree.
 */
export function reaches(question: ReachQuestion): Sql {
  const { address } = channels[question.key];
  if (address.kind === 'none') return sql`true`;
  if (address.kind === 'push') return reachesDevice(question, address.platform);
  return address.kind === 'email' ? reachesMailbox(question) : reachesPhone(question);
}

function reachesDevice({ requiredState }: ReachQuestion, platform: PushTarget['platform']): Sql {
  return sql`${admits(sql`m.push_state`, requiredState)} and exists (
        select from push_targets t
         where t.bucket = m.bucket and t.user_id = m.user_id and t.platform = ${platform} and t.foreground
           and t.suspect_since is null)`;
}

function reachesMailbox({ key, requiredState, workspaceId }: ReachQuestion): Sql {
  const ruledOut = requiredState === 'all' ? sql`false` : sql`a.marked_spam_at is not null`;
  return sql`m.email is not null and ${admits(sql`m.email_state`, requiredState)} and not exists (
        select from addresses a
         where a.workspace_id = ${workspaceId} and a.kind = ${channels[key].address.kind} and a.address = lower(m.email)
           and (a.hard_bounced_at is not null or a.suppressed_at is not null or ${ruledOut}))`;
}

function reachesPhone({ key, groupId, dialingCodes, workspaceId }: ReachQuestion): Sql {
  const ruledOut = channels[key].deadMark === 'invalid_phone' ? sql`a.invalid_at is not null` : sql`false`;
  const isAllowed =
    dialingCodes === null ? sql`true` : sql`m.phone like any(${dialingCodes.map((code) => `${code}%`)}::text[])`;
  return sql`m.phone is not null and ${isAllowed} and exists (
        select from subscription_states s
         where s.bucket = m.bucket and s.user_id = m.user_id and s.group_id = ${groupId} and s.state = 'subscribed'
      ) and not exists (
        select from addresses a
         where a.workspace_id = ${workspaceId} and a.kind = ${channels[key].address.kind} and a.address = m.phone
           and (a.suppressed_at is not null or ${ruledOut}))`;
}

function admits(state: Sql, requiredState: RequiredState): Sql {
  const admitted = { opted_in: sql`= 'opted_in'`, subscribed: sql`<> 'unsubscribed'`, all: sql`is not null` };
  return sql`${state} ${admitted[requiredState]}`;
}
