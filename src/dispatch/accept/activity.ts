import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import { isObject } from '../../lib/raw/json.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { isBroadcast, type SendPlan } from '../plan/send-plan.ts';
import { withoutOldCredentials } from './old-credentials.ts';

export interface ActivityFacts {
  /** The path of the endpoint. */
  endpoint: string;
  plan: SendPlan;
  workspace: WorkspaceCatalog;
  body: Record<string, unknown>;
  requestId: string;
  apiKeyName: string;
}

/**
 * The record that the developer console shows of a request. null: the request names people only, or triggers a campaign
 * for named people: the segment is then the campaign's.
 * It has no status and counts, because those are read from the dispatch. Source: send.md §15.
 */
export function activityOf({ endpoint, plan, workspace, body, requestId, apiKeyName }: ActivityFacts): object | null {
  if ((plan.segmentId === null || plan.trigger !== undefined) && !isBroadcast(plan)) return null;
  return {
    endpoint,
    request_id: requestId,
    api_key_name: apiKeyName,
    send_id: plan.sendId,
    campaign_id: plan.campaignId,
    campaign_name: plan.campaignId === null ? null : workspace.campaigns.get(plan.campaignId)?.name,
    segment_id: plan.segmentId,
    segment_name: plan.segmentId === null ? null : workspace.segments.get(plan.segmentId)?.name,
    audience: plan.audience,
    broadcast: isBroadcast(plan) && plan.list === undefined,
    named_count: plan.list?.lines ?? plan.names.length,
    recipient_subscription_state: plan.requiredState,
    override_frequency_capping: !plan.obeysCaps,
    channels: Object.keys(plan.messages) as ChannelKey[],
    request: withoutSecrets(body),
  };
}

/** The body without credentials, those of older clients and those inside messages. */
export function withoutSecrets(body: Record<string, unknown>): Record<string, unknown> {
  const kept = withoutOldCredentials(body);
  const { messages } = kept;
  if (!isObject(messages)) return kept;
  const masked = Object.entries(messages).map(([key, raw]) => [key, maskedMessage(key, raw)]);
  return { ...kept, messages: Object.fromEntries(masked) };
}

function maskedMessage(key: string, raw: unknown): unknown {
  const channel = channelKeys.find((known) => known === key);
  return channel !== undefined && isObject(raw) ? (channels[channel].masked?.(raw) ?? raw) : raw;
}
