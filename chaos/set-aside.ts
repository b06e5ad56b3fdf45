import { sql } from '../src/db/sql.ts';
import type { World } from './world.ts';

/**
 * Replays the dispatches that were set aside, as docs/operations.md tells operators to: a kill looks like a message that
 * ends its server. With at_least_once, messages in doubt are sent again, as without the interruption. Returns how many
 * dispatches there were.
 */
export async function replaySetAside({ db, api, delivery, replayed }: World): Promise<number> {
  const found = await db.query<{ id: string }>(sql`
    select id from dispatches where state = 'cancelled' and failure like 'set aside%'`);
  const statuses = delivery === 'at_least_once' ? ['cancelled', 'unknown'] : ['cancelled'];
  for (const { id } of found) {
    const { recipients } = await api.ask<{ recipients: number }>('POST', `/dispatches/${id}/replay`, { statuses });
    if (recipients === 0) throw new Error(`dispatch ${id} was set aside, and has nothing to replay`);
    replayed.push(id);
  }
  return found.length;
}
