import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** For how long a business may answer freely after a person wrote to it, in milliseconds. Source: messaging-objects.md §8.3. */
export const WINDOW_MS = 24 * 3_600_000;

/** A message from a person to a business number. */
export interface Wrote {
  /** In E.164. */
  phone: string;
  /** Meta's id of the business number. */
  numberId: string;
  /** The time of the message itself. Its callback may come days later. */
  at: Date;
}

/** Opens windows, or keeps them open for longer. An older message changes nothing, and one from the future counts as from now. */
export async function openWindows(db: Db, workspaceId: number, wrote: readonly Wrote[], now: Date): Promise<void> {
  const latest = new Map<string, Wrote>();
  for (const one of wrote) {
    const key = `${one.numberId} ${one.phone}`;
    const known = latest.get(key);
    if (known === undefined || one.at > known.at) latest.set(key, one);
  }
  // In one order, so that two callbacks at once do not wait for each other.
  const rows = [...latest].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
  if (rows.length === 0) return;
  await db.run(sql`
    insert into whats_app_windows as w (workspace_id, phone, number_id, wrote_at)
    select ${workspaceId}, phone, number_id, least(at, ${now}::timestamptz)
      from unnest(${rows.map(({ phone }) => phone)}::text[], ${rows.map(({ numberId }) => numberId)}::text[],
                  ${rows.map(({ at }) => at)}::timestamptz[]) as x(phone, number_id, at)
        on conflict (workspace_id, phone, number_id) do update
       set wrote_at = excluded.wrote_at
     where w.wrote_at < excluded.wrote_at`);
}

/** Closes windows that Meta calls closed, unless the person has written since: `at` is the time of Meta's answer. */
export async function closeWindows(db: Db, workspaceId: number, closed: readonly Wrote[]): Promise<void> {
  if (closed.length === 0) return;
  await db.run(sql`
    delete from whats_app_windows w
     using unnest(${closed.map(({ phone }) => phone)}::text[], ${closed.map(({ numberId }) => numberId)}::text[],
                  ${closed.map(({ at }) => at)}::timestamptz[]) as x(phone, number_id, at)
     where w.workspace_id = ${workspaceId} and w.phone = x.phone and w.number_id = x.number_id and w.wrote_at < x.at`);
}

/** Deletes windows that closed a while ago. */
export async function forgetWindowsOfWhatsApp(db: Db, now: Date): Promise<void> {
  await db.run(sql`delete from whats_app_windows where wrote_at < ${new Date(now.getTime() - 2 * WINDOW_MS)}`);
}
