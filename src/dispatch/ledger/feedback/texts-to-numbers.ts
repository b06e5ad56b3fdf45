import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { sql } from '../../../db/sql.ts';
import type { LocatedSend } from './located-sends.ts';

/** Most texts of one person that are looked at, newest first. */
const MOST_OF_PERSON = 50;

export interface TextsAsked {
  /** The channel of the texts. */
  channel: string;
  /** The people who have the numbers. */
  people: readonly { bucket: number; userId: number }[];
  /** Phone numbers in E.164. */
  numbers: readonly string[];
  /** Texts that a provider accepted before this are left out. */
  since: Date;
  /** Texts that a provider accepted after this are left out. */
  until: Date;
}

/** A text that a provider accepted. */
export type SentText = LocatedSend & { address: string };

/** The texts that went to these numbers of these people, newest first: one index scan for each person. */
export async function textsToNumbers(db: Db, asked: TextsAsked): Promise<SentText[]> {
  return asked.people.length === 0 ? [] : selectTexts(db, asked);
}

const selectTexts = hotStatement<TextsAsked, SentText & Record<string, unknown>>(
  'select_texts_to_numbers',
  (param) => sql`
    select x.bucket, t.dispatch_id as "dispatchId", x.user_id as "userId", t.channel, t.status,
           t.updated_at as "updatedAt", t.address
      from unnest(${param(({ people }) => intArray(people.map(({ bucket }) => bucket)))}::integer[],
                  ${param(({ people }) => intArray(people.map(({ userId }) => userId)))}::bigint[]) as x(bucket, user_id),
           lateral (select s.dispatch_id, s.channel, s.status, s.updated_at, s.address
                      from sends s
                     where s.bucket = x.bucket
                       and s.bucket = any(${param(({ people }) => intArray([...new Set(people.map(({ bucket }) => bucket))]))}::integer[])
                       and s.user_id = x.user_id and s.channel = ${param(({ channel }) => channel)} and s.status = 'sent'
                       and s.address = any(${param(({ numbers }) => textArray(numbers))}::text[])
                       and s.updated_at >= ${param(({ since }) => since)} and s.updated_at <= ${param(({ until }) => until)}
                     order by s.updated_at desc, s.dispatch_id desc
                     limit ${param(() => MOST_OF_PERSON)}) as t
     order by t.updated_at desc, t.dispatch_id desc`,
);
