import { channelKeys } from '../../../channels/channel.ts';
import type { Database } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { undashed } from '../../../lib/uuid.ts';
import type { DispatchState } from '../../plan/states.ts';

/** A dispatch that a text may mean, and as what. */
export interface MatchedDispatch {
  kind: 'dispatch' | 'request' | 'provider_message';
  dispatchId: string;
  campaignId: string | null;
  state: DispatchState;
  acceptedAt: Date;
  /** The channel of the provider's message. null: of another kind. */
  channel: string | null;
}

interface Row extends Record<string, unknown> {
  kind: MatchedDispatch['kind'];
  id: string;
  campaign_id: string | null;
  state: DispatchState;
  accepted_at: Date;
  channel: string | null;
}

const ID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
/** A dispatch is accepted within this time around that of its request's id, in milliseconds. */
const REQUEST_BEFORE_MS = 60_000;
const REQUEST_AFTER_MS = 60_000;
const LONGEST_PROVIDER_ID = 500;

/** The dispatches with this id, made by the request with this id, or with a message that a provider gave this id. */
export async function findDispatches(db: Database, workspaceId: number, text: string): Promise<MatchedDispatch[]> {
  const byId = ID.test(text) ? await byIdOrRequest(db, workspaceId, undashed(text).toLowerCase()) : [];
  const byMessage = text.length > LONGEST_PROVIDER_ID ? [] : await byProviderMessage(db, workspaceId, text);
  return [...byId, ...byMessage].map(({ kind, id, campaign_id, state, accepted_at, channel }) => ({
    ...{ kind, dispatchId: undashed(id), campaignId: campaign_id, state, acceptedAt: accepted_at, channel },
  }));
}

/** The ids of requests begin with their time, so an index of times finds them. */
async function byIdOrRequest(db: Database, workspaceId: number, id: string): Promise<Row[]> {
  const at = Number.parseInt(id.slice(0, 12), 16);
  const [from, until] = [new Date(at - REQUEST_BEFORE_MS), new Date(at + REQUEST_AFTER_MS)];
  return db.query<Row>(sql`
    select 'dispatch' as kind, id, campaign_id, state, accepted_at, null as channel
      from dispatches
     where id = ${id}::uuid and workspace_id = ${workspaceId}
     union all
    select 'request', id, campaign_id, state, accepted_at, null
      from dispatches
     where workspace_id = ${workspaceId} and accepted_at between ${inRange(from)} and ${inRange(until)}
           and request_id = ${id}::uuid`);
}

/** PostgreSQL stores times of these years. An id that is no UUIDv7 may begin with anything. */
function inRange(at: Date): Date {
  return at.getTime() > 4_000_000_000_000 ? new Date(0) : at;
}

async function byProviderMessage(db: Database, workspaceId: number, text: string): Promise<Row[]> {
  return db.byKey.query<Row>(sql`
    select distinct 'provider_message' as kind, d.id, d.campaign_id, d.state, d.accepted_at, m.channel
      from provider_messages m
      join dispatches d on d.id = m.dispatch_id
     where m.workspace_id = ${workspaceId} and m.channel = any(${channelKeys}::text[])
           and m.provider_message_id = ${text}
     limit 20`);
}
