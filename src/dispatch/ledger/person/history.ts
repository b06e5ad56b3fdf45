import { forgetCardsOf, moveCards } from '../../../cards/forget.ts';
import type { Db } from '../../../db/database.ts';
import { raw, type Sql, sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../../people/profile/identify.ts';
import { feedbackColumns } from '../feedback/write-feedback.ts';
import { forgetSlotsOf } from './slots.ts';

/**
 * Moves what a person received to the person into whom they are merged: the final sends with what came back of them, their
 * sandbox messages, the content cards, and the slots under frequency caps. A send of the same dispatch and channel that the other person has too stays where it
 * is, as does one that is not final; whatever of it is still to be sent ends as `unknown_user`.
 */
export async function moveHistory(tx: Db, from: PersonKey, to: PersonKey): Promise<void> {
  await moveSlots(tx, from, to);
  await moveCards(tx, from, to);
  const moved = await tx.query<{ dispatch_id: string; channel: string }>(sql`
    insert into sends (bucket, dispatch_id, user_id, channel, status, attempts, due_at, updated_at, reason, detail,
                       provider_code, provider_message_id, address, task_id, devices, extras, retried_after)
    select ${to.bucket}, dispatch_id, ${to.userId}, channel, status, attempts, due_at, updated_at, reason, detail,
           provider_code, provider_message_id, address, task_id, devices, extras, retried_after
      from sends
     where bucket = ${from.bucket} and user_id = ${from.userId} and status in ('sent', 'bounced', 'unknown')
        on conflict do nothing
    returning dispatch_id, channel`);
  if (moved.length === 0) return;
  const these = sql`
    (dispatch_id, channel) in (select * from unnest(${moved.map((one) => one.dispatch_id)}::uuid[],
                                                    ${moved.map(({ channel }) => channel)}::text[]))`;
  await tx.run(sql`
    delete from sends where bucket = ${from.bucket} and user_id = ${from.userId} and ${these}`);
  await moveFeedback(tx, from, to, these);
  await tx.run(sql`
    insert into sandbox_messages (bucket, dispatch_id, user_id, channel, workspace_id, address, message, delivered_at)
    select ${to.bucket}, dispatch_id, ${to.userId}, channel, workspace_id, address, message, delivered_at
      from sandbox_messages
     where bucket = ${from.bucket} and user_id = ${from.userId} and ${these}
        on conflict do nothing`);
  await tx.run(sql`
    delete from sandbox_messages where bucket = ${from.bucket} and user_id = ${from.userId} and ${these}`);
}

async function moveSlots(tx: Db, from: PersonKey, to: PersonKey): Promise<void> {
  await tx.run(sql`
    insert into cap_slots (bucket, user_id, dispatch_id, channel, campaign_id, taken_at)
    select ${to.bucket}, ${to.userId}, dispatch_id, channel, campaign_id, taken_at
      from cap_slots
     where bucket = ${from.bucket} and user_id = ${from.userId}
        on conflict do nothing`);
  await tx.run(sql`delete from cap_slots where bucket = ${from.bucket} and user_id = ${from.userId}`);
}

/** Deletes what deleted people could still see or be counted by. Their sends stay, without a person. */
export async function forgetHistory(tx: Db, people: readonly PersonKey[]): Promise<void> {
  await forgetSlotsOf(tx, people);
  await forgetCardsOf(tx, people);
}

/** What comes back later finds the sends by `moved_sends`. */
async function moveFeedback(tx: Db, from: PersonKey, to: PersonKey, these: Sql): Promise<void> {
  const columns = raw(feedbackColumns.join(', '));
  const theirs = sql`bucket = ${from.bucket} and user_id = ${from.userId} and ${these}`;
  await tx.run(sql`
    insert into send_feedback (bucket, user_id, dispatch_id, channel, ${columns})
    select ${to.bucket}, ${to.userId}, dispatch_id, channel, ${columns}
      from send_feedback
     where ${theirs}
        on conflict do nothing`);
  await tx.run(sql`delete from send_feedback where ${theirs}`);
  await tx.run(sql`
    insert into moved_sends (bucket, user_id, dispatch_id, channel, to_bucket, to_user_id)
    select ${from.bucket}, ${from.userId}, dispatch_id, channel, bucket, user_id
      from sends
     where bucket = ${to.bucket} and user_id = ${to.userId} and ${these}
        on conflict do nothing`);
}
