import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';

/** For how long a request may store nothing before another one may go on with its list, in milliseconds. */
const HELD_MS = 60_000;

/** A list that a request holds and writes. */
export interface HeldList {
  id: string;
  holder: string;
  /** The hashes of the chunks that are stored already, in order. */
  hashes: readonly Buffer[];
}

export interface ListName {
  workspaceId: number;
  /** null: nobody goes on with it. */
  key: string | null;
}

/** A chunk of a list, as it is stored. */
export interface NewChunk {
  hash: Buffer;
  sizeBytes: number;
  /** Number of people. */
  lines: number;
  /** The people as JSON, see `ListedRecipient`. */
  recipients: string;
}

/**
 * Begins a list, or goes on with the one of this key. `id` and `holder`: new uuids. null: another request is writing it.
 * A list that has become a dispatch keeps its people, and the key stands for a new list.
 */
export async function holdList(
  db: Db,
  { workspaceId, key }: ListName,
  { id, holder, now }: { id: string; holder: string; now: Date },
): Promise<HeldList | null> {
  const until = new Date(now.getTime() + HELD_MS);
  if (key !== null)
    await db.run(sql`
      update recipient_lists l
         set key = null
       where workspace_id = ${workspaceId} and key = ${key} and exists (select from dispatches d where d.id = l.dispatch_id)`);
  const held = await db.maybeOne<{ id: string }>(sql`
    insert into recipient_lists (id, workspace_id, key, holder, held_until, touched_at)
    values (${id}, ${workspaceId}, ${key}, ${holder}, ${until}, ${now})
        on conflict (workspace_id, key) do update
       set holder = excluded.holder, held_until = excluded.held_until
     where recipient_lists.held_until <= ${now}
    returning id`);
  if (held === null) return null;
  const stored = await db.query<{ hash: Buffer }>(sql`
    select hash from recipient_list_chunks where list_id = ${held.id} order by chunk`);
  return { id: held.id, holder, hashes: stored.map(({ hash }) => hash) };
}

/** Stores a chunk, the next of its list. False: another request has taken the list over, and nothing was stored. */
export async function storeChunk(
  db: Db,
  { id, holder }: HeldList,
  { chunk, workspaceId, hash, sizeBytes, lines, recipients }: NewChunk & { chunk: number; workspaceId: number },
  now: Date,
): Promise<boolean> {
  const stored = await db.run(sql`
    with held as (
      update recipient_lists
         set chunks = ${chunk}, lines = lines + ${lines}, touched_at = ${now},
             held_until = ${new Date(now.getTime() + HELD_MS)}
       where id = ${id} and holder = ${holder} and chunks = ${chunk - 1}
      returning id
    )
    insert into recipient_list_chunks (list_id, chunk, workspace_id, hash, size_bytes, recipients)
    select id, ${chunk}, ${workspaceId}, ${hash}, ${sizeBytes}, ${recipients}::json from held`);
  return stored > 0;
}

/** Keeps the list while nothing is stored. False: another request has taken it over. */
export async function keepHeld(db: Db, { id, holder }: HeldList, now: Date): Promise<boolean> {
  const kept = await db.run(sql`
    update recipient_lists set held_until = ${new Date(now.getTime() + HELD_MS)} where id = ${id} and holder = ${holder}`);
  return kept > 0;
}

/** Notes the dispatch that a list is about to become. False: another request has taken the list over. */
export async function sealList(
  db: Db,
  { id, holder }: HeldList,
  { dispatchId, now }: { dispatchId: string; now: Date },
): Promise<boolean> {
  const sealed = await db.run(sql`
    update recipient_lists
       set dispatch_id = ${dispatchId}, held_until = ${new Date(now.getTime() + HELD_MS)}
     where id = ${id} and holder = ${holder}`);
  return sealed > 0;
}

/** Lets another request go on with the list. */
export async function releaseList(db: Db, { id, holder }: HeldList, now: Date): Promise<void> {
  await db.run(sql`update recipient_lists set held_until = ${now} where id = ${id} and holder = ${holder}`);
}

/** Deletes a list that this request holds, with everything that is stored of it. */
export async function dropList(db: Db, { id, holder }: HeldList): Promise<void> {
  await db.run(sql`
    with gone as (delete from recipient_lists where id = ${id} and holder = ${holder} returning id)
    delete from recipient_list_chunks c using gone where c.list_id = gone.id`);
}

/** Bytes of lists that a workspace has stored and that are not expanded. */
export async function storedBytes(db: Db, workspaceId: number): Promise<number> {
  const { bytes } = await db.one<{ bytes: number }>(sql`
    select coalesce(sum(size_bytes), 0)::float8 as bytes from recipient_list_chunks where workspace_id = ${workspaceId}`);
  return bytes;
}

/** Deletes the lists that were not touched since an instant and became nothing, or a dispatch that is over. */
export async function forgetLists(db: Db, before: Date): Promise<void> {
  await db.run(sql`
    with gone as (
      delete from recipient_lists l
       where touched_at < ${before}
         and not exists (select from dispatches d where d.id = l.dispatch_id and d.state not in ('finished', 'failed'))
      returning id
    )
    delete from recipient_list_chunks c using gone where c.list_id = gone.id`);
}
