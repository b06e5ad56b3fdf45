import type { ChannelKey } from '../../channels/channel.ts';
import type { ContentPins } from '../../content/pins.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import { nameKey, type PersonName } from '../../people/profile/identify.ts';
import type { Prioritization } from '../../people/profile/prioritization.ts';
import type { TriggerFacts } from '../../templating/facts.ts';
import type { PlannedSplit } from './split.ts';

export const deliveryModes = ['at_least_once', 'at_most_once'] as const;
export type DeliveryMode = (typeof deliveryModes)[number];

/**
 * A person whom a request names. `by`: a trigger named the person by braze id or email address, which is the `name`;
 * several people may share an address, which `prioritization` narrows down to one.
 */
export interface RecipientName extends PersonName {
  by?: 'braze_id' | 'email';
  prioritization?: Prioritization;
}

/** What a triggered dispatch knows beyond a send. */
export interface PlannedTrigger extends Omit<TriggerFacts, 'own'> {
  /** The properties of named people, by their position in `names`. null: that person has only the common ones. */
  own: (RawObject | null)[];
}

/** An accepted request as it is stored: checked plain JSON, with ids in the form of the catalog. */
export interface SendPlan {
  /** Version of this form, because a stored plan outlives the server that wrote it. */
  version: 1;
  names: RecipientName[];
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
  /** Absent: everybody gets the messages above. */
  split?: PlannedSplit;
  /** The stored texts that the messages were accepted with. Absent: they name none. */
  content?: ContentPins;
  /** Absent: the request brought its messages. */
  trigger?: PlannedTrigger;
}

/**
 * What a message may know of its trigger. `recipient`: the person's position in `names`, if they have properties of
 * their own.
 */
export function triggerFactsOf({ trigger }: SendPlan, recipient: number | null): TriggerFacts | null {
  if (trigger === undefined) return null;
  const { common, canvas, own } = trigger;
  return { common, canvas, own: recipient === null ? null : (own[recipient] ?? null) };
}

/** A key for maps of the people whom requests name. */
export function recipientKey({ by, label, name, prioritization }: RecipientName): string {
  return by === undefined ? nameKey(label, name) : JSON.stringify([by, name, prioritization]);
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
