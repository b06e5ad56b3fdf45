import { empty, type Sql, sql } from '../../db/sql.ts';
import { idKey } from '../../workspace/catalog.ts';
import { type AudienceContext, campaignsTagged } from '../context.ts';
import type { Leaf } from '../grammar/filter.ts';
import { latestHolds } from './extremes.ts';
import { own } from './own.ts';

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

/** Tests the time of the latest message that a provider accepted. */
export function lastReceived(leaf: LeafOf<'last_received'>, context: AudienceContext): Sql {
  const onChannel = leaf.channel === null ? empty : sql` and s.channel = ${leaf.channel}`;
  const from = sql`from (
    select bucket, user_id, channel, updated_at as at from sends where status = 'sent'
     union all
    select bucket, user_id, channel, last_at from received_totals) as s
     where ${own('s', context)}${onChannel}`;
  return latestHolds({ time: sql`s.at`, from }, leaf, context.now);
}

export function receivedCampaign(leaf: LeafOf<'received_campaign'>, context: AudienceContext): Sql {
  return received([idKey(leaf.campaignId)], leaf.has, context);
}

export function receivedTag(leaf: LeafOf<'received_tag'>, context: AudienceContext): Sql {
  return received(campaignsTagged(context.workspace, leaf.tag), leaf.has, context);
}

/** `received_totals` keeps what people received on days that retention has dropped from `sends`. */
function received(campaignIds: readonly string[], has: boolean, context: AudienceContext): Sql {
  const is = sql`exists (
    select from (
      select sends.bucket, sends.user_id, d.campaign_id
        from sends
        join dispatches d on d.id = sends.dispatch_id
       where sends.status = 'sent'
       union all
      select bucket, user_id, campaign_id from received_totals) as s
     where ${own('s', context)} and s.campaign_id = any(${campaignIds}::text[]))`;
  return has ? is : sql`(not ${is})`;
}
