import type { ChannelKey } from '../../channels/channel.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import type { PersonName } from '../../people/profile/identify.ts';

export const deliveryModes = ['at_least_once', 'at_most_once'] as const;
export type DeliveryMode = (typeof deliveryModes)[number];

/** An accepted request as it is stored: checked plain JSON, with ids in the form of the catalog. */
export interface SendPlan {
  /** Version of this form, because a stored plan outlives the server that wrote it. */
  version: 1;
  names: PersonName[];
  segmentId: string | null;
  audience: Record<string, unknown> | null;
  campaignId: string | null;
  sendId: string | null;
  obeysCaps: boolean;
  countsTowardCaps: boolean;
  requiredState: RequiredState;
  delivery: DeliveryMode;
  /** Canonical messages. Their texts are templates. */
  messages: Partial<Record<ChannelKey, object>>;
}

export function isBroadcast(plan: SendPlan): boolean {
  return plan.names.length === 0;
}

/** The number of each lane. Named people never wait behind broadcasts. */
export const lanes = { named: 0, broadcast: 1 } as const;
export type LaneName = keyof typeof lanes;

/** The lane of schedules until they fire. The workers of named people fire them, and no backlog counts them. */
export const scheduleLane = 2;

export function laneOf(plan: SendPlan): number {
  return isBroadcast(plan) ? lanes.broadcast : lanes.named;
}
