import type { CapFamily, ChannelKey } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import { wallClock, zonedTime } from '../../lib/time/time-zone.ts';
import { undashed } from '../../lib/uuid.ts';
import type { FrequencyCap } from '../../workspace/catalog.ts';
import type { CapSlot } from '../ledger/person/slots.ts';

/** The facts of one send that the caps ask about. */
export interface CapFacts {
  dispatchId: string;
  channel: ChannelKey;
  /** The tags of this dispatch's campaign. null: it has no campaign. */
  campaignTags: readonly string[] | null;
  /** The IANA time zone of the person, else of the workspace. */
  timeZone: string;
  now: Date;
  rules: readonly FrequencyCap[];
  /** The slots that the person holds, those of this dispatch included. */
  held: readonly CapSlot[];
  /** The tags that a campaign carries now. */
  tagsOf(campaignId: string): readonly string[];
}

/** The family under which a channel is capped. null: it never is. */
export function capChannelOf(channel: ChannelKey): CapFamily | null {
  return channels[channel].capFamily;
}

/** A rule that has no slot left, and what took its slots. */
export interface ReachedCap {
  rule: FrequencyCap;
  /** The start of the rule's window. */
  since: Date;
  /** The dispatches in the window that count, the latest last. */
  dispatchIds: readonly string[];
}

/**
 * The first rule that has no slot left for this send. null: there is none. Under `any` rules, all channels of one
 * dispatch share its slot. Pure. Source: eligibility.md §4.
 */
export function reachedCap(facts: CapFacts): ReachedCap | null {
  const family = capChannelOf(facts.channel);
  if (family === null) return null;
  for (const rule of facts.rules) {
    if (rule.channel !== 'any' && rule.channel !== family) continue;
    if (rule.tag !== null && !carries(facts.campaignTags ?? [], rule.tag)) continue;
    const since = windowStart(rule, facts.now, facts.timeZone);
    const dispatchIds = dispatchesWithin(rule, since, facts);
    if (dispatchIds.length >= rule.maxSends) return { rule, since: new Date(since), dispatchIds };
  }
  return null;
}

/** The dispatches that count under a rule since `sinceMs`, in milliseconds since 1970. */
function dispatchesWithin(rule: FrequencyCap, sinceMs: number, { dispatchId, held, tagsOf }: CapFacts): string[] {
  const counted = held.filter((slot) => {
    const family = capChannelOf(slot.channel);
    if (family === null || slot.takenAt.getTime() < sinceMs) return false;
    if (rule.channel !== 'any' && family !== rule.channel) return false;
    return rule.tag === null || (slot.campaignId !== null && carries(tagsOf(slot.campaignId), rule.tag));
  });
  const inOrder = counted.sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
  // A dispatch counts once for `any` and once for all push channels. Its own earlier channels do not count against it.
  const dispatches = new Set(inOrder.map((slot) => slot.dispatchId));
  dispatches.delete(dispatchId);
  return [...dispatches];
}

const REMEDY = 'use override_frequency_capping or a campaign with obeys_caps: false to send all the same';

/** Says which rule is reached since when, and which dispatch took its last slot. */
export function capWords({ rule, since, dispatchIds }: ReachedCap): string {
  const { maxSends, channel, tag, periodCount, periodUnit } = rule;
  const what = `${channel === 'any' ? 'messages' : channel}${tag === null ? '' : ` with the tag ${tag}`}`;
  const last = undashed(dispatchIds.at(-1) ?? '');
  const window = `since ${since.toISOString()} (${periodCount} ${periodUnit})`;
  return `${dispatchIds.length} of ${maxSends} ${what} ${window}, the last by dispatch ${last}; ${REMEDY}`;
}

/** True: the tag, or a tag nested under it (written `parent/child`), is among `tags`. */
function carries(tags: readonly string[], wanted: string): boolean {
  return tags.some((tag) => tag === wanted || tag.startsWith(`${wanted}/`));
}

const rollingMs = { minutes: 60_000, hours: 3_600_000 } as const;
const calendarDays = { days: 1, weeks: 7 } as const;

/** When a window starts, in milliseconds since 1970. Minutes and hours roll; days and weeks are local calendar days. */
function windowStart({ periodUnit, periodCount }: FrequencyCap, now: Date, timeZone: string): number {
  if (periodUnit === 'minutes' || periodUnit === 'hours') return now.getTime() - periodCount * rollingMs[periodUnit];
  return startOfDay(now, timeZone, periodCount * calendarDays[periodUnit] - 1);
}

/** The first instant of the local day that is `daysBack` days before `now`, in milliseconds since 1970. */
function startOfDay(now: Date, timeZone: string, daysBack: number): number {
  const [year = 0, month = 1, day = 1] = wallClock(now, timeZone);
  return zonedTime(new Date(Date.UTC(year, month - 1, day - daysBack)), timeZone).getTime();
}
