import { textArray } from '../db/array-text.ts';
import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { PersonKey } from '../people/profile/identify.ts';

/** What a person did with a card. */
export interface CardEvent {
  /** Made by the client: the same one never counts twice. */
  id: string;
  dispatchId: string;
  kind: 'shown' | 'clicked' | 'dismissed';
  at: Date;
}

/** A card of a person, as far as its events are concerned. */
export interface KnownCard {
  isPinned: boolean;
  createdAt: Date;
}

/** The cards of a person among these, by dispatch. Others, and cards that were deleted, are missing. */
export async function findCards(
  db: Db,
  { bucket, userId }: PersonKey,
  dispatchIds: readonly string[],
): Promise<Map<string, KnownCard>> {
  const rows = await db.prepared<{ id: string; isPinned: boolean; createdAt: Date }>(
    'find_cards',
    sql`
    select dispatch_id as id, pinned as "isPinned", created_at as "createdAt"
      from cards
     where bucket = ${bucket} and user_id = ${userId} and dispatch_id = any(${textArray(dispatchIds)}::uuid[])`,
  );
  return new Map(rows.map(({ id, ...card }) => [id, card]));
}

/**
 * Notes on the cards when they were first shown, clicked and dismissed. What is noted already stays, so the same events may
 * come again. A pinned card is never dismissed.
 */
export async function markCards(db: Db, { bucket, userId }: PersonKey, events: readonly CardEvent[]): Promise<void> {
  const cards = [...Map.groupBy(events, ({ dispatchId }) => dispatchId)];
  if (cards.length === 0) return;
  const first = (kind: CardEvent['kind']) =>
    textArray(cards.map(([, ofCard]) => earliest(ofCard.filter((event) => event.kind === kind))));
  await db.prepared(
    'mark_cards',
    sql`
    update cards c
       set viewed_at = coalesce(c.viewed_at, x.viewed_at), clicked_at = coalesce(c.clicked_at, x.clicked_at),
           dismissed_at = case when not c.pinned then coalesce(c.dismissed_at, x.dismissed_at) end
      from unnest(${textArray(cards.map(([id]) => id))}::uuid[], ${first('shown')}::timestamptz[],
                  ${first('clicked')}::timestamptz[], ${first('dismissed')}::timestamptz[])
           as x(dispatch_id, viewed_at, clicked_at, dismissed_at)
     where c.bucket = ${bucket} and c.user_id = ${userId} and c.dispatch_id = x.dispatch_id
           and (c.viewed_at is null and x.viewed_at is not null or c.clicked_at is null and x.clicked_at is not null
                or c.dismissed_at is null and x.dismissed_at is not null and not c.pinned)`,
  );
}

/** null: there is none. */
function earliest(events: readonly CardEvent[]): string | null {
  if (events.length === 0) return null;
  return new Date(Math.min(...events.map(({ at }) => at.getTime()))).toISOString();
}
