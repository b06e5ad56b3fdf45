import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Address } from './deleted-addresses.ts';
import { WAITING_STATE_MS } from './email-state.ts';

/** A state in a subscription group, set for an address that nobody has. */
export interface WaitingGroup extends Address {
  groupId: string;
  state: 'subscribed' | 'unsubscribed';
}

/** Keeps states for the next person who gets the address. The caller holds the locks of the addresses. */
export async function storeWaitingGroups(
  tx: Db,
  { workspaceId, waiting, now }: { workspaceId: number; waiting: readonly WaitingGroup[]; now: Date },
): Promise<void> {
  if (waiting.length === 0) return;
  await tx.run(sql`
    insert into waiting_group_states (workspace_id, kind, address, group_id, state, set_at)
    select ${workspaceId}, kind, address, "groupId", state, ${now}::timestamptz
      from json_to_recordset(${JSON.stringify(waiting)}::json) as x(kind text, address text, "groupId" text, state text)
     order by kind, address, "groupId"
        on conflict (workspace_id, kind, address, group_id) do update
       set state = excluded.state, set_at = excluded.set_at`);
}

/** Ends the wait of states whose address somebody got. The caller holds the locks of the addresses. */
export async function endWaitingGroups(tx: Db, workspaceId: number, addresses: readonly Address[]): Promise<void> {
  if (addresses.length === 0) return;
  await tx.run(sql`
    delete from waiting_group_states w
     using (select distinct kind, address
              from unnest(${addresses.map(({ kind }) => kind)}::text[], ${addresses.map(({ address }) => address)}::text[])
                   as asked(kind, address)) as taken
     where w.workspace_id = ${workspaceId} and w.kind = taken.kind and w.address = taken.address`);
}

/** Forgets the states that no person has come for in time. Passes over rows that a request is changing. */
export async function forgetWaitingGroups(db: Db, now: Date): Promise<void> {
  await db.run(sql`
    delete from waiting_group_states w
     using (select workspace_id, kind, address, group_id
              from waiting_group_states
             where set_at < ${new Date(now.getTime() - WAITING_STATE_MS)}
               for update skip locked) as old
     where w.workspace_id = old.workspace_id and w.kind = old.kind and w.address = old.address
       and w.group_id = old.group_id`);
}
