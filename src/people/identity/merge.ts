import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { mergeActiveDays } from '../activity/active-people.ts';
import type { ConsentSource } from '../consent/record/source.ts';
import { recordConsent } from '../consent/record/write.ts';
import { deleteLocked } from '../profile/delete.ts';
import type { PersonKey } from '../profile/identify.ts';
import { maxCustomLength } from '../track/roster.ts';
import type { LockedPerson } from './lock.ts';
import { type CopiedState, changesOf, copyConsent, type States, statesOf } from './merged-consent.ts';

/** Moves, within the transaction, what other modules store about a person who is merged into another. Both are locked. */
export type AlsoMove = (tx: Db, from: PersonKey, to: PersonKey) => Promise<void>;

export interface Merging {
  workspaceId: number;
  /** Who merges. */
  source: ConsentSource;
  now: Date;
  alsoMove: AlsoMove;
}

/**
 * Makes one person of two locked ones: everything of `merged` that `kept` lacks moves, counts are added up, and
 * `merged` disappears with its external ids. Source: adjacent-endpoints.md §2.7.
 */
export async function mergeLocked(
  tx: Db,
  { merged, kept, workspaceId, source, now, alsoMove }: Merging & { merged: LockedPerson; kept: LockedPerson },
): Promise<void> {
  await copyConsent(tx, merged, kept);
  const states = await fillProfile(tx, merged, kept, now);
  await moveAliases(tx, merged, kept);
  await moveTokens(tx, merged, kept);
  const groups = await copyStates(tx, merged, kept);
  await recordConsent(tx, { workspaceId, changes: changesOf(kept, source, { states, groups }), now });
  await copyActivities(tx, merged, kept);
  await copySessions(tx, merged, kept);
  await mergeActiveDays(tx, merged, kept);
  await copyReceived(tx, merged, kept);
  await alsoMove(tx, merged, kept);
  await deleteLocked(tx, [merged]);
}

/**
 * Fills what the kept profile lacks. The state of an email address comes with the address. The push state is that of
 * the person for whom one was set, the kept one's if it was set for both. Custom attributes are taken over unless all
 * together are larger than one person's may be.
 */
async function fillProfile(tx: Db, merged: PersonKey, kept: PersonKey, now: Date): Promise<States> {
  const { row } = await tx.one<{ row: string }>(sql`
    select to_jsonb(p)::text as row from profiles p where bucket = ${merged.bucket} and user_id = ${merged.userId}`);
  const before = await statesOf(tx, kept);
  const fits = sql`length((m.custom || k.custom)::text) <= ${maxCustomLength}`;
  await tx.run(sql`
    update profiles k
       set first_name = coalesce(k.first_name, m.first_name),
           last_name = coalesce(k.last_name, m.last_name),
           email = coalesce(k.email, m.email),
           email_state = case when k.email is null and m.email is not null then m.email_state else k.email_state end,
           email_state_changed_at = case when k.email is null and m.email is not null then m.email_state_changed_at
                                         else k.email_state_changed_at end,
           push_state = case when k.push_state_changed_at is null then m.push_state else k.push_state end,
           push_state_changed_at = coalesce(k.push_state_changed_at, m.push_state_changed_at),
           phone = coalesce(k.phone, m.phone),
           country = coalesce(k.country, m.country),
           language = coalesce(k.language, m.language),
           gender = coalesce(k.gender, m.gender),
           home_city = coalesce(k.home_city, m.home_city),
           time_zone = coalesce(k.time_zone, m.time_zone),
           dob = coalesce(k.dob, m.dob),
           longitude = case when k.longitude is null then m.longitude else k.longitude end,
           latitude = case when k.longitude is null then m.latitude else k.latitude end,
           first_session_at = least(k.first_session_at, m.first_session_at),
           last_session_at = greatest(k.last_session_at, m.last_session_at),
           session_count = k.session_count + m.session_count,
           custom = case when ${fits} then m.custom || k.custom else k.custom end,
           custom_times = case when ${fits} then (m.custom_times - array(select jsonb_object_keys(k.custom)))
                                                 || k.custom_times else k.custom_times end,
           nested_times = case when ${fits} then (m.nested_times - array(select jsonb_object_keys(k.custom)))
                                                 || k.nested_times else k.nested_times end,
           extras = m.extras || k.extras,
           updated_at = ${now}
      from jsonb_populate_record(null::profiles, ${row}::jsonb) as m
     where k.bucket = ${kept.bucket} and k.user_id = ${kept.userId}`);
  return { before, after: await statesOf(tx, kept) };
}

/** Moves the aliases whose label the kept person has not. */
async function moveAliases(tx: Db, merged: LockedPerson, kept: LockedPerson): Promise<void> {
  const labels = [...merged.aliases.keys()].filter((label) => !kept.aliases.has(label));
  if (labels.length === 0) return;
  await tx.run(sql`
    update user_names
       set bucket = ${kept.bucket}, user_id = ${kept.userId}
     where bucket = ${merged.bucket} and user_id = ${merged.userId} and label = any(${labels}::text[])`);
}

/** Moves the push tokens. A token that is suspected to be dead stays so. */
async function moveTokens(tx: Db, merged: PersonKey, kept: PersonKey): Promise<void> {
  await tx.run(sql`
    update push_token_owners
       set bucket = ${kept.bucket}, user_id = ${kept.userId}
     where (app_id, token) in (select app_id, device_of(token) from push_targets
                                where bucket = ${merged.bucket} and user_id = ${merged.userId})`);
  await tx.run(sql`
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id, foreground, registered_at, last_used_at,
                              environment, suspect_since)
    select ${kept.bucket}, ${kept.userId}, app_id, token, platform, device_id, foreground, registered_at, last_used_at,
           environment, suspect_since
      from push_targets
     where bucket = ${merged.bucket} and user_id = ${merged.userId}`);
  await tx.run(sql`
    update token_removals r
       set bucket = ${kept.bucket}, user_id = ${kept.userId}
      from push_targets t
     where t.bucket = ${merged.bucket} and t.user_id = ${merged.userId} and r.app_id = t.app_id and r.token = t.token
       and r.suspected_at is not null and r.removed_at is null and r.restored_at is null`);
  await tx.run(sql`delete from push_targets where bucket = ${merged.bucket} and user_id = ${merged.userId}`);
}

/** Copies the states of groups in which the kept person has none. */
async function copyStates(tx: Db, merged: PersonKey, kept: PersonKey): Promise<CopiedState[]> {
  return tx.query<CopiedState & Record<string, unknown>>(sql`
    insert into subscription_states (bucket, user_id, group_id, state, changed_at)
    select ${kept.bucket}, ${kept.userId}, group_id, state, changed_at
      from subscription_states
     where bucket = ${merged.bucket} and user_id = ${merged.userId}
        on conflict do nothing
    returning group_id as "groupId", state`);
}

async function copyActivities(tx: Db, merged: PersonKey, kept: PersonKey): Promise<void> {
  await tx.run(sql`
    insert into events (bucket, user_id, at, name, app_id, properties)
    select ${kept.bucket}, ${kept.userId}, at, name, app_id, properties
      from events
     where bucket = ${merged.bucket} and user_id = ${merged.userId}`);
  await tx.run(sql`
    insert into purchases (bucket, user_id, at, product_id, currency, price, quantity, app_id, properties)
    select ${kept.bucket}, ${kept.userId}, at, product_id, currency, price, quantity, app_id, properties
      from purchases
     where bucket = ${merged.bucket} and user_id = ${merged.userId}`);
  await tx.run(sql`
    insert into activity_totals as t (bucket, user_id, kind, name, count, first_at, last_at, revenue)
    select ${kept.bucket}, ${kept.userId}, kind, name, count, first_at, last_at, revenue
      from activity_totals
     where bucket = ${merged.bucket} and user_id = ${merged.userId}
        on conflict (bucket, user_id, kind, name) do update
       set count = t.count + excluded.count, first_at = least(t.first_at, excluded.first_at),
           last_at = greatest(t.last_at, excluded.last_at), revenue = t.revenue + excluded.revenue`);
}

async function copySessions(tx: Db, merged: PersonKey, kept: PersonKey): Promise<void> {
  await tx.run(sql`
    insert into session_days as s (bucket, user_id, day, count)
    select ${kept.bucket}, ${kept.userId}, day, count
      from session_days
     where bucket = ${merged.bucket} and user_id = ${merged.userId}
        on conflict (bucket, user_id, day) do update set count = s.count + excluded.count`);
}

async function copyReceived(tx: Db, merged: PersonKey, kept: PersonKey): Promise<void> {
  await tx.run(sql`
    insert into received_totals as r (bucket, user_id, channel, campaign_id, last_at)
    select ${kept.bucket}, ${kept.userId}, channel, campaign_id, last_at
      from received_totals
     where bucket = ${merged.bucket} and user_id = ${merged.userId}
        on conflict (bucket, user_id, channel, campaign_id) do update set last_at = greatest(r.last_at, excluded.last_at)`);
  await tx.run(sql`
    insert into app_uninstalls as u (bucket, user_id, app_id, at)
    select ${kept.bucket}, ${kept.userId}, app_id, at
      from app_uninstalls
     where bucket = ${merged.bucket} and user_id = ${merged.userId}
        on conflict (bucket, user_id, app_id) do update set at = greatest(u.at, excluded.at)`);
}
