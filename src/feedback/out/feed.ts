import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { empty, sql } from '../../db/sql.ts';
import type { Json } from '../../lib/raw/json.ts';
import { undashed } from '../../lib/uuid.ts';
import { brazeId } from '../../people/profile/braze-id.ts';
import type { EventKind } from '../event.ts';

/** Which events of a workspace are asked for. Empty lists: all of them. */
export interface FeedFilter {
  workspaceId: number;
  kinds: readonly EventKind[];
  channels: readonly ChannelKey[];
  /** null: of every campaign, and of none. */
  campaignId: string | null;
  /** null: of every send. */
  externalSendId: string | null;
}

/** An event as the world outside sees it. */
export interface FeedEvent {
  /** The same for ever, and in every attempt to deliver it. */
  id: string;
  place: number;
  /** Such as `message.delivered` or `consent.opted_out`. */
  type: string;
  occurredAt: Date;
  data: Readonly<Record<string, Json>>;
}

export interface FeedPage {
  events: FeedEvent[];
  /** The place after which the next page begins. Nothing at or before it will ever be added. */
  end: number;
  /** Whether there may be more already. */
  hasMore: boolean;
}

/** Most events that are looked through for a page, whether they match or not. */
const MOST_SCANNED = 5_000;

const columns = sql`
           m.id, m.place, m.kind, m.channel, m.provider, m.occurred_at, m.received_at, m.dispatch_id, m.campaign_id,
           m.external_send_id, m.bucket,
           m.user_id, p.external_id, p.created_at, m.provider_message_id, m.address, m.is_permanent, m.code, m.said, m.bot,
           m.group_id, m.detail, m.outcome`;

interface Row extends Record<string, unknown> {
  scanned_to: number | null;
  scanned: number;
  id: string | null;
  place: number;
  kind: EventKind;
  channel: string;
  provider: string;
  occurred_at: Date;
  received_at: Date;
  dispatch_id: string | null;
  campaign_id: string | null;
  external_send_id: string | null;
  bucket: number | null;
  user_id: number | null;
  external_id: string | null;
  created_at: Date | null;
  provider_message_id: string | null;
  address: string | null;
  is_permanent: boolean;
  code: string | null;
  said: string | null;
  bot: string | null;
  group_id: string | null;
  detail: Json;
  outcome: string;
}

/**
 * Reads the events after a place, in the order of their places. Places are given under a lock until the commit, so an event
 * that is committed late has a later one, and no reader passes it over.
 */
export async function readFeed(
  db: Db,
  { workspaceId, kinds, channels, campaignId, externalSendId }: FeedFilter,
  { after, limit }: { after: number; limit: number },
): Promise<FeedPage> {
  const rows = await db.query<Row>(sql`
    with scanned as materialized (
      select *
        from feedback_events
       where workspace_id = ${workspaceId} and place > ${after}
       order by place
       limit ${MOST_SCANNED}
    ), matching as (
      select *
        from scanned
       where true
             ${kinds.length === 0 ? empty : sql`and kind = any(${kinds}::text[])`}
             ${channels.length === 0 ? empty : sql`and channel = any(${channels}::text[])`}
             ${campaignId === null ? empty : sql`and campaign_id = ${campaignId}`}
             ${externalSendId === null ? empty : sql`and external_send_id = ${externalSendId}`}
       order by place
       limit ${limit}
    )
    select s.scanned_to, s.scanned, ${columns}
      from (select max(place) as scanned_to, count(*) as scanned from scanned) as s
      left join matching m on true
      left join profiles p on p.bucket = m.bucket and p.user_id = m.user_id
     order by m.place`);
  const events = rows.filter(({ id }) => id !== null).map(eventFrom);
  const [first] = rows;
  const isCut = events.length === limit;
  return {
    events,
    end: (isCut ? events.at(-1)?.place : first?.scanned_to) ?? after,
    hasMore: isCut || first?.scanned === MOST_SCANNED,
  };
}

/** The events at these places, in their order. Those that retention has dropped are missing. */
export async function readEvents(db: Db, workspaceId: number, at: readonly number[]): Promise<FeedEvent[]> {
  if (at.length === 0) return [];
  const rows = await db.query<Row>(sql`
    select ${columns}
      from feedback_events m
      left join profiles p on p.bucket = m.bucket and p.user_id = m.user_id
     where m.workspace_id = ${workspaceId} and m.place = any(${at}::bigint[])
     order by m.place`);
  return rows.map(eventFrom);
}

/** The place before the first event that was received at or after a time. null: there is none. */
export async function placeBefore(db: Db, workspaceId: number, time: Date): Promise<number | null> {
  const { place } = await db.one<{ place: number | null }>(sql`
    select min(place) as place
      from feedback_events
     where workspace_id = ${workspaceId} and place is not null and received_at >= ${time}`);
  return place === null ? null : place - 1;
}

export function typeOf(kind: EventKind): string {
  if (kind === 'opted_out' || kind === 'opted_in') return `consent.${kind}`;
  return kind === 'reactivated' ? 'address.reactivated' : `message.${kind}`;
}

function eventFrom(row: Row): FeedEvent {
  const isPerson = row.bucket !== null && row.user_id !== null && row.created_at !== null;
  return {
    id: `evt_${undashed(row.id ?? '')}`,
    place: row.place,
    type: typeOf(row.kind),
    occurredAt: row.occurred_at,
    data: {
      received_at: row.received_at.toISOString(),
      channel: row.channel,
      provider: row.provider,
      external_id: row.external_id,
      braze_id: isPerson ? brazeId(row.created_at as Date, row.bucket as number, row.user_id as number) : null,
      dispatch_id: row.dispatch_id === null ? null : undashed(row.dispatch_id),
      campaign_id: row.campaign_id,
      external_send_id: row.external_send_id,
      address: row.address,
      provider_message_id: row.provider_message_id,
      subscription_group_id: row.group_id,
      permanent: row.is_permanent,
      code: row.code,
      text: row.said,
      bot: row.bot,
      outcome: row.outcome,
      detail: row.detail,
    },
  };
}
