import type { ChannelKey } from '../../channels/channel.ts';
import type { ContentPins } from '../../content/pins.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import { nameKey, type PersonName } from '../../people/profile/identify.ts';
import type { Prioritization } from '../../people/profile/prioritization.ts';
import type { TriggerFacts } from '../../templating/facts.ts';
import type { QuietHours } from '../../workspace/rules/quiet-hours.ts';
import type { Canary, Pace } from './pace.ts';
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
  /** Quiet hours that the request brought. Absent: none. */
  quietHours?: readonly QuietHours[];
  /** Absent: it obeys the quiet hours of the workspace. */
  ignoresWorkspaceQuietHours?: true;
  /** Absent: as fast as the workers and providers allow. */
  pace?: Pace;
  /** The first part, which is watched. Absent: all goes out. */
  canary?: Canary;
  /** What the caller of a transactional send calls it. Absent: nothing, or it is none. */
  externalSendId?: string;
  /** Absent: the request brought its messages. */
  trigger?: PlannedTrigger;
  /** The stored list of the people it goes to. Absent: it has names, or describes people. */
  list?: PlannedList;
}

/** A list of people that is stored apart, because it is long. */
export interface PlannedList {
  id: string;
  /** Number of chunks, and of people as the list names them. */
  chunks: number;
  lines: number;
}

/**
 * What a message may know of its trigger. `recipient`: the person's position in `names`, if they have properties of
 * their own. `listed`: the own properties of a person of a list.
 */
export function triggerFactsOf(
  { trigger }: SendPlan,
  recipient: number | null,
  listed: RawObject | null = null,
): TriggerFacts | null {
  if (trigger === undefined) return null;
  const { common, canvas, own } = trigger;
  return { common, canvas, own: recipient === null ? listed : (own[recipient] ?? null) };
}

/** A key for maps of the people whom requests name. */
export function recipientKey({ by, label, name, prioritization }: RecipientName): string {
  return by === undefined ? nameKey(label, name) : JSON.stringify([by, name, prioritization]);
}

/** Whether it goes to everybody who is described, or to a list, which is as long. */
export function isBroadcast(plan: SendPlan): boolean {
  return plan.names.length === 0;
}

/** Whether only one of the people who share an address gets the message. Whoever is named gets their own. */
export function isOncePerAddress(plan: SendPlan): boolean {
  return isBroadcast(plan) && plan.list === undefined;
}

/** The number of each lane. Named people never wait behind broadcasts. */
export const lanes = { named: 0, broadcast: 1 } as const;
export type LaneName = keyof typeof lanes;

/** The lane of schedules until they fire. The workers of named people fire them, and no backlog counts them. */
export const scheduleLane = 2;

export function laneOf(plan: SendPlan): number {
  return isBroadcast(plan) ? lanes.broadcast : lanes.named;
}
