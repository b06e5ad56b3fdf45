import { empty, type Sql, sql } from '../../db/sql.ts';
import { idKey } from '../../workspace/catalog.ts';
import { type AudienceContext, campaignsTagged } from '../context.ts';
import type { Leaf } from '../filter.ts';
import { timestampHolds } from './instants.ts';

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

const theirSends = sql`s.bucket = p.bucket and s.user_id = p.user_id and s.status = 'sent'`;

/** The latest message that a provider took over. */
export function lastReceived(leaf: LeafOf<'last_received'>, { now }: AudienceContext): Sql {
  const onChannel = leaf.channel === null ? empty : sql` and s.channel = ${leaf.channel}`;
  return sql`(select ${timestampHolds(sql`max(s.updated_at)`, leaf, now)} from sends s where ${theirSends}${onChannel})`;
}

export function receivedCampaign(leaf: LeafOf<'received_campaign'>): Sql {
  return received([idKey(leaf.campaignId)], leaf.has);
}

export function receivedTag(leaf: LeafOf<'received_tag'>, { workspace }: AudienceContext): Sql {
  return received(campaignsTagged(workspace, leaf.tag), leaf.has);
}

function received(campaignIds: readonly string[], has: boolean): Sql {
  const is = sql`exists (
    select from sends s
      join dispatches d on d.id = s.dispatch_id
     where ${theirSends} and d.campaign_id = any(${campaignIds}::text[]))`;
  return has ? is : sql`(not ${is})`;
}
