import { randomInt } from 'node:crypto';
import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import type { CampaignPart } from '../../plan/loaded-dispatch.ts';
import type { SendChange } from '../send-columns.ts';
import { firstAccepted } from './first-accepted.ts';

/**
 * The numbers of what campaigns sent, by UTC day, for statistics that never count the ledger. They are written in the
 * transaction that writes the verdicts, so they always add up to it: `sent` counts the sends of which a provider accepted a
 * message (of a push, on at least one device), `failed` and `bounced` those with this status. A send counts on the day of
 * its verdict. Statistics are decision 34.
 */
export interface Counts {
  sent: number;
  /** People of a dispatch who were sent their first message of it. */
  recipients: number;
  failed: number;
  bounced: number;
}

/** A verdict that was written for a send of a campaign. */
export interface CountedChange extends SendChange {
  part: CampaignPart;
}

/** Rows of one campaign and day that are counted apart, so that writers do not wait for each other. */
const SHARDS = 16;
/** The row to which housekeeping adds the others, once a day is past. */
const SUM = -1;
/** Days after which nobody asks for a send id any more: two more than the series of sends answer for. */
const KEPT_APART_DAYS = 16;
const DAY_MS = 86_400_000;

const ourShard = randomInt(SHARDS);

interface Row extends Counts {
  campaignId: string;
  day: string;
  channel: string;
  variationId: string;
  sendId: string;
}

interface Addition {
  rows: readonly Row[];
  sentAt: Date;
}

/** Adds verdicts to the numbers of their campaigns. `written`: all those of this transaction. Call it last in it. */
export async function countVerdicts(tx: Db, written: readonly CountedChange[], now: Date): Promise<void> {
  const accepted = written.filter(isFirstAccepted);
  const first = await firstAccepted(tx, accepted);
  const rows = new Map<string, Row>();
  const rowOf = ({ part, send: { channel } }: CountedChange) => takeRow(rows, part, channel, dayOf(now));
  for (const change of accepted) {
    rowOf(change).sent += 1;
    if (first.has(change)) rowOf(change).recipients += 1;
  }
  for (const change of written) {
    const { status } = change.verdict;
    if (status === 'failed' || status === 'bounced') rowOf(change)[status] += 1;
  }
  await addRows(tx, rows, now);
}

/** Whether a provider has accepted a message of the send with this verdict, and none before. */
function isFirstAccepted({ send, verdict }: SendChange): boolean {
  const isSent = verdict.status === 'sent' || verdict.devices?.some(({ state }) => state === 'sent') === true;
  return isSent && send.devices?.some(({ state }) => state === 'sent') !== true;
}

/** Failures that a replay takes back: the day on which they were counted, and how many there were. */
export interface TakenBack {
  part: CampaignPart;
  channel: string;
  day: string;
  failed: number;
}

export async function takeBackFailures(tx: Db, taken: readonly TakenBack[], now: Date): Promise<void> {
  const rows = new Map<string, Row>();
  for (const { part, channel, day, failed } of taken) takeRow(rows, part, channel, day).failed -= failed;
  await addRows(tx, rows, now);
}

function takeRow(rows: Map<string, Row>, part: CampaignPart, channel: string, day: string): Row {
  const { campaignId, variationId, sendId } = part;
  const key = JSON.stringify([campaignId, day, channel, variationId, sendId]);
  const known = rows.get(key);
  if (known !== undefined) return known;
  const row = { campaignId, day, channel, variationId, sendId, sent: 0, recipients: 0, failed: 0, bounced: 0 };
  rows.set(key, row);
  return row;
}

/** Everybody who adds several rows adds them in the order of their keys, to avoid deadlocks. */
async function addRows(tx: Db, rows: ReadonlyMap<string, Row>, sentAt: Date): Promise<void> {
  if (rows.size === 0) return;
  const ordered = [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
  await addToDays(tx, { rows: ordered, sentAt });
}

const texts =
  (read: (row: Row) => string) =>
  ({ rows }: Addition) =>
    textArray(rows.map(read));
const numbers =
  (read: (row: Row) => number) =>
  ({ rows }: Addition) =>
    intArray(rows.map(read));

/** Fragment: adds the numbers of a row that there is already. */
const added = sql`sent = c.sent + excluded.sent, recipients = c.recipients + excluded.recipients,
           failed = c.failed + excluded.failed, bounced = c.bounced + excluded.bounced,
           first_sent_at = least(c.first_sent_at, excluded.first_sent_at),
           last_sent_at = greatest(c.last_sent_at, excluded.last_sent_at)`;

const addToDays = hotStatement<Addition, never>(
  'add_to_campaign_days',
  (param) => sql`
    insert into campaign_days as c
           (campaign_id, day, channel, variation_id, send_id, shard, sent, recipients, failed, bounced, first_sent_at, last_sent_at)
    select x.campaign_id, x.day, x.channel, x.variation_id, x.send_id, ${param(() => ourShard)}::smallint, x.sent,
           x.recipients, x.failed, x.bounced, case when x.sent > 0 then a.at end, case when x.sent > 0 then a.at end
      from unnest(${param(texts(({ campaignId }) => campaignId))}::text[], ${param(texts(({ day }) => day))}::date[],
                  ${param(texts(({ channel }) => channel))}::text[], ${param(texts(({ variationId }) => variationId))}::text[],
                  ${param(texts(({ sendId }) => sendId))}::text[], ${param(numbers(({ sent }) => sent))}::integer[],
                  ${param(numbers(({ recipients }) => recipients))}::integer[],
                  ${param(numbers(({ failed }) => failed))}::integer[], ${param(numbers(({ bounced }) => bounced))}::integer[])
             with ordinality as x(campaign_id, day, channel, variation_id, send_id, sent, recipients, failed, bounced, place),
           (select ${param(({ sentAt }) => sentAt)}::timestamptz as at) as a
     order by x.place
        on conflict (campaign_id, day, channel, variation_id, send_id, shard) do update
       set ${added}`,
);

/**
 * Sums up the rows of days that are past, so that the table stays small however many writers and send ids there are: the
 * shards of each day before yesterday, and the send ids of days for which nobody asks for them. No number is lost.
 */
export async function sumUpOldDays(db: Db, now: Date): Promise<void> {
  const yesterday = dayOf(new Date(now.getTime() - DAY_MS));
  await sumUp(db, sql`day < ${yesterday}::date and shard <> ${SUM}`, sql`send_id`);
  await sumUp(db, sql`day < ${lastDayWithSendIds(now)}::date and send_id <> ''`, sql`''`);
}

/** The oldest UTC day of which the numbers are still kept by send id. */
export function lastDayWithSendIds(now: Date): string {
  return dayOf(new Date(now.getTime() - KEPT_APART_DAYS * DAY_MS));
}

/** `which`: the rows to sum up, none of which is a sum. `sendId`: the send id of the sums. */
async function sumUp(db: Db, which: Sql, sendId: Sql): Promise<void> {
  await db.run(sql`
    with gone as (
      delete from campaign_days where ${which}
      returning campaign_id, day, channel, variation_id, ${sendId} as send_id, sent, recipients, failed, bounced,
                first_sent_at, last_sent_at
    )
    insert into campaign_days as c
           (campaign_id, day, channel, variation_id, send_id, shard, sent, recipients, failed, bounced, first_sent_at, last_sent_at)
    select campaign_id, day, channel, variation_id, send_id, ${SUM}, sum(sent), sum(recipients), sum(failed), sum(bounced),
           min(first_sent_at), max(last_sent_at)
      from gone
     group by campaign_id, day, channel, variation_id, send_id
     order by campaign_id, day, channel, variation_id, send_id
        on conflict (campaign_id, day, channel, variation_id, send_id, shard) do update
       set ${added}`);
}

/** YYYY-MM-DD in UTC. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
