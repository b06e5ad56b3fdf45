import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import type { RecipientName } from '../../plan/send-plan.ts';

/** One person of a list, as the list names them. */
export interface ListedRecipient {
  /** The line, from 1. */
  line: number;
  name: RecipientName;
  /** The person's own trigger properties. null: none. */
  properties: RawObject | null;
}

/** Chunks that are expanded together. */
export interface ReadChunks {
  recipients: ListedRecipient[];
  /** The last chunk read. */
  upTo: number;
}

/** Reads the chunks after one, at most so many, and no more bytes than these but for a single chunk. null: there are none. */
export async function readChunks(
  db: Db,
  listId: string,
  { after, most, mostBytes }: { after: number; most: number; mostBytes: number },
): Promise<ReadChunks | null> {
  const rows = await db.query<{ chunk: number; recipients: ListedRecipient[] }>(sql`
    select chunk, recipients
      from (select chunk, recipients, sum(size_bytes) over (order by chunk) - size_bytes as bytes_before
              from recipient_list_chunks
             where list_id = ${listId} and chunk > ${after} and chunk <= ${after + most}) as next
     where bytes_before < ${mostBytes}
     order by chunk`);
  const last = rows.at(-1);
  return last === undefined ? null : { recipients: rows.flatMap((row) => row.recipients), upTo: last.chunk };
}

/** Deletes what is expanded of a list. `isLast`: with the list itself. */
export async function dropChunks(tx: Db, listId: string, upTo: number, isLast: boolean): Promise<void> {
  await tx.run(sql`delete from recipient_list_chunks where list_id = ${listId} and chunk <= ${upTo}`);
  if (isLast) await tx.run(sql`delete from recipient_lists where id = ${listId}`);
}
