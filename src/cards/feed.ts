import type { RenderedContentCard } from '../channels/content-card/index.ts';
import { intArray, textArray } from '../db/array-text.ts';
import type { Db } from '../db/database.ts';
import { hotStatement } from '../db/hot-statement.ts';
import { sql } from '../db/sql.ts';
import type { PersonKey } from '../people/profile/identify.ts';

/**
 * Most cards of a person that count: the newest that have not expired, including dismissed ones, which are not shown.
 * Source: messaging-objects.md §10.3.
 */
export const MOST_CARDS = 250;

/** Asks for a person's feed. `tag`: the state that the client has. null: it has none. */
export interface FeedQuestion extends PersonKey {
  tag: string | null;
}

export interface FeedCard {
  dispatchId: string;
  createdAt: string;
  expiresAt: string;
  pinned: boolean;
  isViewed: boolean;
  card: RenderedContentCard;
}

/** `tag`: names the state of the feed. `cards`: pinned ones first, the oldest of them first; then the newest first. null: the client has this state. */
export interface Feed {
  tag: string;
  cards: readonly FeedCard[] | null;
}

interface Questions {
  questions: readonly FeedQuestion[];
  now: Date;
}

/** The tag says which cards there are and which were viewed; all else of a card never changes. */
const readAll = hotStatement<Questions, Feed & Record<string, unknown>>(
  'read_feeds',
  (param) => sql`
    select state.tag, shown.cards
      from unnest(${param(({ questions }) => intArray(questions.map(({ bucket }) => bucket)))}::integer[],
                  ${param(({ questions }) => intArray(questions.map(({ userId }) => userId)))}::bigint[],
                  ${param(({ questions }) => textArray(questions.map(({ tag }) => tag)))}::text[])
           with ordinality as asked(bucket, user_id, tag, place),
           (select ${param(({ now }) => now)}::timestamptz as at) as clock
     cross join lateral (
       select left(encode(sha256(convert_to(coalesce(string_agg(newest.dispatch_id || case when newest.viewed_at is null
                then '' else 'v' end, ' ' order by newest.created_at, newest.dispatch_id), ''), 'UTF8')), 'hex'), 32) as tag
         from (select dispatch_id, created_at, viewed_at, dismissed_at
                 from cards c
                where c.bucket = asked.bucket and c.user_id = asked.user_id and c.expires_at > clock.at
                order by c.created_at desc, c.dispatch_id desc
                limit ${param(() => MOST_CARDS)}) as newest
        where newest.dismissed_at is null
     ) as state
     cross join lateral (
       select case when asked.tag is distinct from state.tag
                   then coalesce(json_agg(json_build_object(
                          'dispatchId', newest.dispatch_id, 'createdAt', newest.created_at, 'expiresAt', newest.expires_at,
                          'pinned', newest.pinned, 'isViewed', newest.viewed_at is not null, 'card', newest.card)
                          order by newest.pinned desc, case when newest.pinned then newest.created_at end,
                                   newest.created_at desc, newest.dispatch_id desc), '[]') end as cards
         from (select dispatch_id, created_at, expires_at, pinned, card, viewed_at, dismissed_at
                 from cards c
                where c.bucket = asked.bucket and c.user_id = asked.user_id and c.expires_at > clock.at
                      and asked.tag is distinct from state.tag
                order by c.created_at desc, c.dispatch_id desc
                limit ${param(() => MOST_CARDS)}) as newest
        where newest.dismissed_at is null
     ) as shown
     order by asked.place`,
);

/** Reads the feeds of people, in the order of the questions. */
export async function readFeeds(db: Db, questions: readonly FeedQuestion[], now: Date): Promise<Feed[]> {
  return questions.length === 0 ? [] : readAll(db, { questions, now });
}
