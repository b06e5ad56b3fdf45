import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

const AT_ONCE = 500;

/** Drops the texts that were replaced before `before`. The caller knows that no dispatch from before then is kept. */
export async function forgetTexts(db: Db, before: Date): Promise<void> {
  for (let dropped = AT_ONCE; dropped === AT_ONCE; ) {
    dropped = await db.run(sql`
      delete from content_texts
       where id = any(array(select id from content_texts where replaced_at < ${before} order by replaced_at limit ${AT_ONCE}))`);
  }
}
