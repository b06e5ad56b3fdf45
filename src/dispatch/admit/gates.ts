import type { Channel } from '../../channels/channel.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import type { AddressFlags, Platform, Recipient } from '../../people/profile/facts.ts';
import type { GlobalState } from '../../templating/facts.ts';
import { countryOf } from '../../workspace/dialing-codes.ts';
import { beginsAt, heldBy, type QuietPlan, quietWords, quietZone } from '../plan/quiet-hours.ts';
import { capWords, reachedCap } from './caps.ts';
import { type Later, later, type Refusal, skip } from './decision.ts';
import type { SendFacts } from './send-facts.ts';

/** A gate that a send must pass. null: no objection. */
export type Gate = (recipient: Recipient, facts: SendFacts) => Refusal | Later | null;

/** Wait before a shared address is looked at again whose audience is not yet written completely, in milliseconds. */
const LOOK_AGAIN_MS = 1_000;

/** How long after their beginning quiet hours let a message through whose optimal time was moved there. */
const EDGE_MS = 900_000;

/** The person's own time has come, and not too long ago. */
export function isTheirTime(_recipient: Recipient, { ownTime, now }: SendFacts): Refusal | Later | null {
  if (ownTime === null) return null;
  const { at, lateMs } = ownTime;
  if (now < at) return { kind: 'later', at };
  if (lateMs === null || now.getTime() - at.getTime() <= lateMs) return null;
  return { kind: 'refuse', status: 'expired', reason: 'expired', detail: `its time was ${at.toISOString()}` };
}

/** Steps 3 and 4 once more, when the person's own time has come. */
export function stillTargeted(_recipient: Recipient, { leaving }: SendFacts): Refusal | null {
  return leaving === null ? null : skip(leaving);
}

/** Only one of the people who share an address gets the message. Who does is known once the whole audience is. */
export function turnIsKnown(_recipient: Recipient, { turn, now }: SendFacts): Later | null {
  return turn === 'later' ? later(now, LOOK_AGAIN_MS) : null;
}

/** Step 5. */
export function hasAddress({ pushTargets: all }: Recipient, { plan, address, pushTargets }: SendFacts): Refusal | null {
  switch (plan.channel.address.kind) {
    case 'none':
      return null;
    case 'push':
      return pushTargets.length > 0 ? null : skip('no_address', missingToken(all, plan.channel.address.platform));
    case 'email':
      return address === null ? skip('no_address', 'no email address is stored') : null;
    case 'phone':
      return address === null ? skip('no_address', 'no phone number is stored') : null;
  }
}

function missingToken(all: Recipient['pushTargets'], platform: Platform): string {
  if (all.every((target) => target.platform !== platform))
    return `no usable push token of the platform ${platform} is stored`;
  return `all push tokens of the platform ${platform} are for the background`;
}

/** Step 6. */
export function addressIsUsable(recipient: Recipient, { plan }: SendFacts): Refusal | null {
  if (plan.channel.address.kind === 'email') return emailRefusal(recipient.emailFlags, plan.requiredState);
  if (plan.channel.address.kind !== 'phone' || recipient.phoneFlags === null) return null;
  if (recipient.phoneFlags.invalidAt && plan.channel.deadMark === 'invalid_phone')
    return skip('invalid_phone', since('found invalid', recipient.phoneFlags.invalidAt));
  return suppression(recipient.phoneFlags);
}

function suppression({ suppressedAt }: AddressFlags): Refusal | null {
  return suppressedAt === null ? null : skip('suppressed', since('suppressed', suppressedAt));
}

/** Says when something became so. null: nobody knows when. */
function since(what: string, at: Date | null): string | null {
  return at === null ? null : `${what} at ${at.toISOString()}`;
}

/** A bounced address is never mailed. One marked as spam is mailed only if the request says `all`. */
function emailRefusal(flags: AddressFlags | null, requiredState: RequiredState): Refusal | null {
  if (flags === null) return null;
  if (flags.hardBouncedAt)
    return skip('hard_bounced', `${since('bounced', flags.hardBouncedAt)}; POST /email/bounce/remove lifts it`);
  if (flags.markedSpamAt && requiredState !== 'all')
    return skip('marked_spam', since('marked as spam', flags.markedSpamAt));
  return suppression(flags);
}

/** Step 6, for broadcasts: a person with a lower user id gets the message of this address. */
export function addressIsFree(_recipient: Recipient, { turn, holder }: SendFacts): Refusal | null {
  return turn === 'taken' ? skip('duplicate_address', holder) : null;
}

/** Step 7. */
export function globalStateAdmitted(recipient: Recipient, { plan }: SendFacts): Refusal | null {
  const state = globalState(recipient, plan.channel);
  if (state === null || plan.requiredState === 'all') return null;
  if (state === 'unsubscribed') return skip('unsubscribed', unsubscription(recipient, plan.channel));
  return plan.requiredState === 'opted_in' && state === 'subscribed' ? skip('not_opted_in') : null;
}

function unsubscription(recipient: Recipient, channel: Channel): string | null {
  if (channel.address.kind === 'push') {
    return since('unsubscribed from all push messages', recipient.pushUnsubscribedAt);
  }
  return since('unsubscribed from all mails', recipient.emailUnsubscribedAt);
}

function globalState(recipient: Recipient, channel: Channel): GlobalState | null {
  if (channel.address.kind === 'email') return recipient.person.emailState;
  return channel.address.kind === 'push' ? recipient.pushState : null;
}

/** Step 8. SMS and WhatsApp go only to members, whatever the request says. */
export function inSubscriptionGroup({ person }: Recipient, { plan }: SendFacts): Refusal | null {
  if (plan.channel.address.kind !== 'phone') return null;
  const { subscriptionGroupId: id } = plan;
  const state = id === null ? undefined : person.subscriptionGroups[id];
  if (state === 'subscribed') return null;
  return skip('not_in_subscription_group', `the state in the group is ${state ?? 'not set'}`);
}

/** Step 8a. The message is aborted, so that a replay tries it again once the group allows the country. */
export function countryIsAllowed(_recipient: Recipient, { plan, address }: SendFacts): Refusal | null {
  const { dialingCodes, countries } = plan;
  if (dialingCodes === null || address === null || dialingCodes.some((code) => address.startsWith(code))) return null;
  const where = countryOf(address);
  const detail = `the number is ${where === null ? 'of an unknown country' : `of ${where}`}; the subscription group allows ${(countries ?? []).join(', ')}`;
  return { kind: 'refuse', status: 'aborted', reason: 'blocked_country', detail };
}

/** The control group gets nothing. It has only people who could have got the message, like those it is compared with. */
export function isNotControl(_recipient: Recipient, { isControl }: SendFacts): Refusal | null {
  return isControl ? skip('control_group') : null;
}

/** A turn that was passed on stays with the other person, even if the reason is gone meanwhile. */
export function addressWasNotPassedOn(_recipient: Recipient, { turn, holder }: SendFacts): Refusal | null {
  return turn === 'passed' ? skip('duplicate_address', holder) : null;
}

/**
 * Step 8b. Held messages are asked again when they go, in the zone that the person has then. One that is dropped is
 * aborted, so that a replay tries it again.
 */
export function outsideQuietHours(
  { person }: Recipient,
  { plan: { quiet }, ownTime, now }: SendFacts,
): Refusal | Later | null {
  if (quiet === null) return null;
  const zone = quietZone(person.timeZone, quiet.workspaceZone);
  const held = heldBy(quiet.rules, zone, now);
  if (held === null || isOnEdge(quiet, zone, ownTime, now)) return null;
  const words = quietWords(held.rule, zone);
  if (held.rule.action === 'hold' && held.until !== null)
    return { kind: 'later', at: held.until, hold: { reason: 'quiet_hours', detail: `held by ${words}` } };
  const detail = held.until === null ? `${words}; with others, they leave no time of day` : words;
  return { kind: 'refuse', status: 'aborted', reason: 'quiet_hours', detail };
}

/** Optimal times are moved to the moment at which quiet hours begin, so what has that time still goes out. */
function isOnEdge({ rules }: QuietPlan, zone: string, ownTime: SendFacts['ownTime'], now: Date): boolean {
  if (ownTime?.isOptimal !== true || now.getTime() - ownTime.at.getTime() > EDGE_MS) return false;
  return beginsAt(rules, zone, ownTime.at);
}

/** Step 9. */
export function underFrequencyCaps(_recipient: Recipient, { caps }: SendFacts): Refusal | null {
  const reached = caps === null ? null : reachedCap(caps);
  return reached === null ? null : skip('frequency_capped', capWords(reached));
}

/** Steps 10 and 11. */
export function messageIsComposed(_recipient: Recipient, { composed }: SendFacts): Refusal | Later | null {
  return composed === null || composed.kind === 'composed' ? null : composed;
}
