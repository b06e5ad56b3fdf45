import { empty, type Sql, sql } from '../../db/sql.ts';
import { idKey } from '../../workspace/catalog.ts';
import { type AudienceContext, campaignsTagged } from '../context.ts';
import type { Leaf } from '../filter.ts';
import { latestHolds } from './extremes.ts';
import { own } from './own.ts';

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

/** The latest message that a provider took over. */
export function lastReceived(leaf: LeafOf<'last_received'>, context: AudienceContext): Sql {
  const onChannel = leaf.channel === null ? empty : sql` and s.channel = ${leaf.channel}`;
  const from = sql`from sends s where ${own('s', context)} and s.status = 'sent'${onChannel}`;
  return latestHolds({ time: sql`s.updated_at`, from }, leaf, context.now);
}

export function receivedCampaign(leaf: LeafOf<'received_campaign'>, context: AudienceContext): Sql {
  return received([idKey(leaf.campaignId)], leaf.has, context);
}

export function receivedTag(leaf: LeafOf<'received_tag'>, context: AudienceContext): Sql {
  return received(campaignsTagged(context.workspace, leaf.tag), leaf.has, context);
}

function received(campaignIds: readonly string[], has: boolean, context: AudienceContext): Sql {
  const is = sql`exists (
    select from sends s
      join dispatches d on d.id = s.dispatch_id
     where ${own('s', context)} and s.status = 'sent' and d.campaign_id = any(${campaignIds}::text[]))`;
  return has ? is : sql`(not ${is})`;
}
