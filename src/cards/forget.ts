import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { PersonKey } from '../people/profile/identify.ts';
import { askedFor, inBucketsOf } from '../people/profile/person-keys.ts';

/** How long an expired card is kept, so that a client that was offline can still say what was done with it. */
const KEPT_EXPIRED_MS = 86_400_000;
/** Most cards that one statement deletes. */
const AT_ONCE = 5_000;

/** Deletes the cards of deleted people, within their transaction. */
export async function forgetCardsOf(tx: Db, people: readonly PersonKey[]): Promise<void> {
  await tx.run(sql`
    delete from cards c
     using ${askedFor(people)}
     where ${inBucketsOf(people, sql`c.bucket`)} and c.bucket = asked.bucket and c.user_id = asked.user_id`);
}

/**
 * Moves the cards of a person who is merged into another, within the transaction, with what was done with them. A card that
 * both have, because one dispatch went to both, stays that of the other person.
 */
export async function moveCards(tx: Db, from: PersonKey, to: PersonKey): Promise<void> {
  await tx.run(sql`
    insert into cards (bucket, user_id, dispatch_id, created_at, expires_at, pinned, card, viewed_at, clicked_at, dismissed_at)
    select ${to.bucket}, ${to.userId}, dispatch_id, created_at, expires_at, pinned, card, viewed_at, clicked_at, dismissed_at
      from cards
     where bucket = ${from.bucket} and user_id = ${from.userId}
        on conflict do nothing`);
  await forgetCardsOf(tx, [from]);
}

/** Deletes cards that expired more than a day ago. Several processes may do it at once. */
export async function forgetExpiredCards(db: Db, now: Date): Promise<void> {
  const before = new Date(now.getTime() - KEPT_EXPIRED_MS);
  let deleted = AT_ONCE;
  while (deleted === AT_ONCE)
    deleted = await db.run(sql`
      delete from cards
       where (bucket, user_id, dispatch_id) in (select bucket, user_id, dispatch_id
                                                  from cards
                                                 where expires_at < ${before}
                                                 order by expires_at
                                                 limit ${AT_ONCE}
                                                   for update skip locked)`);
}
