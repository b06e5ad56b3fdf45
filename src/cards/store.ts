import type { RenderedContentCard } from '../channels/content-card/index.ts';
import { intArray, textArray } from '../db/array-text.ts';
import type { Db } from '../db/database.ts';
import { hotStatement } from '../db/hot-statement.ts';
import { sql } from '../db/sql.ts';
import type { PersonKey } from '../people/profile/identify.ts';

/** A card for one person. A dispatch gives a person one card at most. */
export interface NewCard extends PersonKey {
  dispatchId: string;
  /** The rendered message of the channel of cards: a RenderedContentCard. */
  rendered: object;
}

interface Cards {
  cards: readonly NewCard[];
  now: Date;
}

const cardOf = ({ rendered }: NewCard) => rendered as RenderedContentCard;

const insertCards = hotStatement<Cards, never>(
  'store_cards',
  (param) => sql`
    insert into cards (bucket, user_id, dispatch_id, created_at, expires_at, pinned, card)
    select bucket, user_id, dispatch_id, ${param(({ now }) => now)}, expires_at, pinned, card::json
      from unnest(${param(({ cards }) => intArray(cards.map(({ bucket }) => bucket)))}::integer[],
                  ${param(({ cards }) => intArray(cards.map(({ userId }) => userId)))}::bigint[],
                  ${param(({ cards }) => textArray(cards.map(({ dispatchId }) => dispatchId)))}::uuid[],
                  ${param(({ cards }) => textArray(cards.map((one) => cardOf(one).expires_at)))}::timestamptz[],
                  ${param(({ cards }) => textArray(cards.map((one) => String(cardOf(one).pinned))))}::boolean[],
                  ${param(({ cards }) => textArray(cards.map(({ rendered }) => JSON.stringify(rendered))))}::text[])
        as x(bucket, user_id, dispatch_id, expires_at, pinned, card)
        on conflict do nothing`,
);

/**
 * Stores cards, within the transaction that records their sends as sent. A card that is there already stays as it is. Its
 * text, its end and whether it is pinned never change.
 */
export async function storeCards(tx: Db, cards: readonly NewCard[], now: Date): Promise<void> {
  if (cards.length > 0) await insertCards(tx, { cards, now });
}
