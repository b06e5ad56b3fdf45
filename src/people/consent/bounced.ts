import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

export interface Bounced {
  workspaceId: number;
  /** The email address that the mail was sent to. null: unknown. */
  address: string | null;
}

/**
 * Marks email addresses as hard bounced. An address that is marked already keeps its first date. The mark belongs to
 * the address: it applies to everybody who has the address, and no longer to a person whose address changes.
 */
export async function markBounced(tx: Db, bounced: readonly Bounced[], now: Date): Promise<void> {
  if (bounced.length === 0) return;
  await tx.run(sql`
    insert into addresses (workspace_id, kind, address, hard_bounced_at)
    select distinct workspace_id, 'email', lower(address), ${now}::timestamptz
      from unnest(${bounced.map(({ workspaceId }) => workspaceId)}::integer[],
                  ${bounced.map(({ address }) => address)}::text[]) as x(workspace_id, address)
     where address is not null
     order by 1, 2, 3
        on conflict (workspace_id, kind, address) do update
       set hard_bounced_at = coalesce(addresses.hard_bounced_at, excluded.hard_bounced_at)`);
}
