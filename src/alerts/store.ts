import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { AlertBody, AlertMessage, TargetName } from './message.ts';
import type { KnownTrouble } from './step.ts';

/** Takes or keeps the watch until `until`. False: another process has it. */
export async function takeWatch(db: Db, holder: string, now: Date, until: Date): Promise<boolean> {
  const taken = await db.run(sql`
    insert into alert_watch (holder, leased_until)
    values (${holder}, ${until})
        on conflict (id) do update
       set holder = excluded.holder, leased_until = excluded.leased_until
     where alert_watch.holder = excluded.holder or alert_watch.leased_until <= ${now}`);
  return taken > 0;
}

export async function leaveWatch(db: Db, holder: string): Promise<void> {
  await db.run(sql`delete from alert_watch where holder = ${holder}`);
}

/**
 * Changes what is known of a workspace's troubles, and adds the messages, in one commit. False: another process has the
 * watch by now, and nothing was changed.
 */
export function changeKnown(
  db: Database,
  { holder, workspaceId, now }: { holder: string; workspaceId: number; now: Date },
  change: (known: readonly KnownTrouble[]) => { known: readonly KnownTrouble[]; messages: readonly AlertMessage[] },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const held = await tx.maybeOne(sql`
      select id from alert_watch where holder = ${holder} and leased_until > ${now} for update`);
    if (held === null) return false;
    const before = await tx.query<KnownTrouble & Record<string, unknown>>(sql`
      select trouble, alert_id as "alertId", said, seen_from as "seenFrom", seen_at as "seenAt", is_told as "isTold",
             told_at as "toldAt"
        from alert_troubles
       where workspace_id = ${workspaceId}
       order by trouble`);
    const { known, messages } = change(before);
    await tx.run(sql`
      delete from alert_troubles
       where workspace_id = ${workspaceId} and trouble <> all(${known.map(({ trouble }) => trouble)}::text[])`);
    for (const one of known) await keep(tx, workspaceId, one);
    for (const { id, target, body } of messages)
      await tx.run(sql`
        insert into alert_messages (id, target, body, next_at)
        values (${id}, ${target}, ${JSON.stringify(body)}::json, ${now})`);
    return true;
  });
}

async function keep(tx: Db, workspaceId: number, one: KnownTrouble): Promise<void> {
  await tx.run(sql`
    insert into alert_troubles (workspace_id, trouble, alert_id, said, seen_from, seen_at, is_told, told_at)
    values (${workspaceId}, ${one.trouble}, ${one.alertId}, ${JSON.stringify(one.said)}::json, ${one.seenFrom},
            ${one.seenAt}, ${one.isTold}, ${one.toldAt})
        on conflict (workspace_id, trouble) do update
       set alert_id = excluded.alert_id, said = excluded.said, seen_from = excluded.seen_from,
           seen_at = excluded.seen_at, is_told = excluded.is_told, told_at = excluded.told_at`);
}

/** A message that waits, with how often it was tried. */
export interface WaitingMessage extends AlertMessage {
  tries: number;
}

/** The next message of each target that is due. The order of a target is kept: one that waits holds up those behind it. */
export function dueMessages(db: Db, now: Date): Promise<WaitingMessage[]> {
  return db.query<{ id: string; target: TargetName; body: AlertBody; tries: number }>(sql`
    select id, target, body, tries
      from (select distinct on (target) id, target, body, tries, next_at
              from alert_messages
             order by target, place) as first
     where next_at <= ${now}`);
}

export async function forgetMessage(db: Db, { target, id }: Pick<AlertMessage, 'target' | 'id'>): Promise<void> {
  await db.run(sql`delete from alert_messages where target = ${target} and id = ${id}`);
}

export async function postponeMessage(db: Db, { target, id }: AlertMessage, nextAt: Date): Promise<void> {
  await db.run(sql`
    update alert_messages set tries = tries + 1, next_at = ${nextAt} where target = ${target} and id = ${id}`);
}
