import type { Channel } from '../../channels/channel.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import type { AddressFlags, PushTarget, Recipient } from '../../people/profile/facts.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { GatePlan } from '../plan/loaded-dispatch.ts';

export type SkipReason =
  | 'no_address'
  | 'hard_bounced'
  | 'marked_spam'
  | 'invalid_phone'
  | 'suppressed'
  | 'duplicate_address'
  | 'unsubscribed'
  | 'not_opted_in'
  | 'not_in_subscription_group'
  | 'frequency_capped';

export type Admission =
  | { admitted: true; address: string | null; pushTargets: readonly PushTarget[] }
  | { admitted: false; reason: SkipReason };

/**
 * Whose turn it is where several people of a broadcast have one address:
 * `own`: this person's, or nobody shares it; `taken`: that of one who comes before; `passed`: that of one who comes after,
 * because this person may not be sent to; `later`: not known before everybody of the audience is.
 */
export type AddressTurn = 'own' | 'taken' | 'passed' | 'later';

type Gate = (recipient: Recipient, plan: GatePlan, turn: AddressTurn) => SkipReason | null;

/** Steps 5 to 8 of eligibility.md 1, in its order. The caps of step 9 need a reservation and come after. */
const gates: readonly Gate[] = [
  hasAddress,
  addressIsUsable,
  addressIsFree,
  globalStateAdmitted,
  inSubscriptionGroup,
  addressWasNotPassedOn,
];

/** First refusal wins; its reason is what the API reports. Pure. */
export function admit(recipient: Recipient, plan: GatePlan, turn: AddressTurn = 'own'): Admission {
  for (const gate of gates) {
    const reason = gate(recipient, plan, turn);
    if (reason !== null) return { admitted: false, reason };
  }
  return { admitted: true, address: addressOf(recipient, plan), pushTargets: targetsOf(recipient, plan) };
}

function hasAddress(recipient: Recipient, plan: GatePlan): SkipReason | null {
  switch (plan.channel.address.kind) {
    case 'none':
      return null;
    case 'push':
      return targetsOf(recipient, plan).length > 0 ? null : 'no_address';
    default:
      return addressOf(recipient, plan) === null ? 'no_address' : null;
  }
}

function addressOf({ person }: Recipient, { channel }: GatePlan): string | null {
  if (channel.address.kind === 'email') return person.email;
  if (channel.address.kind === 'phone') return person.phone;
  return null;
}

function targetsOf({ pushTargets }: Recipient, { channel, message }: GatePlan): readonly PushTarget[] {
  const { address } = channel;
  if (address.kind !== 'push') return [];
  const silent = channel.isSilent?.(message) ?? false;
  const fitting = pushTargets.filter(
    ({ platform, foreground }) => platform === address.platform && (foreground || silent),
  );
  if (!channel.mostRecentDeviceOnly?.(message)) return fitting;
  return fitting.slice(0, 1); // the most recently used comes first
}

function addressIsUsable(recipient: Recipient, plan: GatePlan): SkipReason | null {
  if (plan.channel.address.kind === 'email') return emailRefusal(recipient.emailFlags, plan.requiredState);
  if (plan.channel.address.kind !== 'phone' || recipient.phoneFlags === null) return null;
  if (recipient.phoneFlags.invalidAt && plan.channel.deadMark === 'invalid_phone') return 'invalid_phone';
  return recipient.phoneFlags.suppressedAt ? 'suppressed' : null;
}

/** A bounced address is never mailed; one that complained only when the request says `all`. */
function emailRefusal(flags: AddressFlags | null, requiredState: RequiredState): SkipReason | null {
  if (flags === null) return null;
  if (flags.hardBouncedAt) return 'hard_bounced';
  if (flags.markedSpamAt && requiredState !== 'all') return 'marked_spam';
  return flags.suppressedAt ? 'suppressed' : null;
}

function addressIsFree(_recipient: Recipient, _plan: GatePlan, turn: AddressTurn): SkipReason | null {
  return turn === 'taken' ? 'duplicate_address' : null;
}

/** Somebody else's turn stays theirs, also when the reason why it was passed on is gone meanwhile. */
function addressWasNotPassedOn(_recipient: Recipient, _plan: GatePlan, turn: AddressTurn): SkipReason | null {
  return turn === 'passed' ? 'duplicate_address' : null;
}

function globalStateAdmitted(recipient: Recipient, { channel, requiredState }: GatePlan): SkipReason | null {
  const state = globalState(recipient, channel);
  if (state === null || requiredState === 'all') return null;
  if (state === 'unsubscribed') return 'unsubscribed';
  return requiredState === 'opted_in' && state === 'subscribed' ? 'not_opted_in' : null;
}

function globalState(recipient: Recipient, channel: Channel): GlobalState | null {
  if (channel.address.kind === 'email') return recipient.person.emailState;
  return channel.address.kind === 'push' ? recipient.pushState : null;
}

/** SMS and WhatsApp never go to others than members, whatever the request says. */
function inSubscriptionGroup({ person }: Recipient, { channel, subscriptionGroupId }: GatePlan): SkipReason | null {
  if (channel.address.kind !== 'phone') return null;
  const state = subscriptionGroupId === null ? undefined : person.subscriptionGroups[subscriptionGroupId];
  return state === 'subscribed' ? null : 'not_in_subscription_group';
}
