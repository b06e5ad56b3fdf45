import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { type SendKey, sendKey } from '../send.ts';

interface MovedRow extends Record<string, unknown> {
  bucket: number;
  dispatch_id: string;
  user_id: number;
  channel: SendKey['channel'];
  to_user_id: number;
}

/**
 * Finds to whom sends went that merges moved to another person since, by `sendKey`. Those that were never moved are missing.
 * It looks at each bucket, because what was moved is stored by the person who is gone.
 */
export async function firstOwnersOf(db: Db, sends: readonly SendKey[]): Promise<Map<string, SendKey>> {
  const owners = new Map<string, SendKey>();
  const dispatches = textArray([...new Set(sends.map(({ dispatchId }) => dispatchId))]);
  let asked = new Map(sends.map((send) => [sendKey(send), send]));
  let answers = new Map(sends.map((send) => [sendKey(send), sendKey(send)]));
  // Who was merged may have got the send by a merge before. It never comes back to a person who is gone.
  while (asked.size > 0) {
    const people = intArray([...new Set([...asked.values()].map(({ userId }) => userId))]);
    const rows = await db.query<MovedRow>(sql`
      select m.bucket, m.dispatch_id, m.user_id, m.channel, m.to_user_id
        from generate_series(0, 255) as b(bucket)
        join moved_sends m on m.bucket = b.bucket and m.dispatch_id = any(${dispatches}::uuid[])
                              and m.to_user_id = any(${people}::bigint[])`);
    const before = rows.flatMap(({ bucket, dispatch_id: dispatchId, user_id: userId, channel, to_user_id }) => {
      const answersFor = answers.get(sendKey({ dispatchId, channel, userId: to_user_id }));
      return answersFor === undefined ? [] : [{ answersFor, owner: { bucket, dispatchId, userId, channel } }];
    });
    for (const { answersFor, owner } of before) owners.set(answersFor, owner);
    asked = new Map(before.map(({ owner }) => [sendKey(owner), owner]));
    answers = new Map(before.map(({ answersFor, owner }) => [sendKey(owner), answersFor]));
  }
  return owners;
}
