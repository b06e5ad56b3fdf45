import type { PushTarget, Recipient } from '../../people/profile/facts.ts';
import type { GatePlan } from '../plan/loaded-dispatch.ts';
import { isControl } from '../plan/split.ts';
import type { CapFacts } from './caps.ts';
import type { Composed } from './composed.ts';

/** All facts that one send is decided by. A fact that is not known yet objects to nothing. */
export interface SendFacts {
  /** The person. null: deleted since the audience was evaluated. */
  recipient: Recipient | null;
  plan: GatePlan;
  /** The address of the message. null: the person has none, or the channel uses none. */
  address: string | null;
  /** The devices that the message goes to. */
  pushTargets: readonly PushTarget[];
  turn: AddressTurn;
  /** Who gets the message of a shared address instead, in words. null: nobody else, or it is not known. */
  holder: string | null;
  /** True: the person is in the campaign's control group. */
  isControl: boolean;
  /** The person's own time. null: there is none. */
  ownTime: OwnTime | null;
  /** Why the person is no longer targeted. null: they are, or it was not asked. */
  leaving: LeavingReason | null;
  now: Date;
  /** The facts for the caps. null: no cap applies to this send, or the slots of its person are not read yet. */
  caps: CapFacts | null;
  /** The message. null: not composed yet. */
  composed: Composed | null;
}

/** When a person is to get a message that others get at other times. */
export interface OwnTime {
  at: Date;
  /** How late it may be sent for the first time, in milliseconds. null: however late. */
  lateMs: number | null;
  /** It is the person's optimal time. Absent: it is not. */
  isOptimal?: true;
}

/** Why a person who was targeted when a schedule fired is not when their own time has come. */
export type LeavingReason = 'not_in_segment' | 'not_in_audience';

/**
 * Who gets the message of an address that several people of a broadcast share:
 * - `own`: this person, or nobody shares the address.
 * - `taken`: a person with a lower user id.
 * - `passed`: a person with a higher user id, because this person was refused.
 * - `later`: not known until the whole audience is known.
 */
export type AddressTurn = 'own' | 'taken' | 'passed' | 'later';

/** The turn of a send to a shared address. */
export interface TakenTurn {
  turn: AddressTurn;
  holder: string | null;
}

const noTargets: readonly PushTarget[] = [];

/** The facts known before the slots are read and the message is composed. Source: eligibility.md §2. */
export function factsOf(recipient: Recipient | null, plan: GatePlan, turn: AddressTurn, now: Date): SendFacts {
  return {
    recipient,
    plan,
    address: recipient === null ? null : addressOf(recipient, plan),
    pushTargets: recipient === null ? noTargets : targetsOf(recipient, plan),
    turn,
    holder: null,
    isControl: recipient !== null && plan.control !== null && isControl(plan.control, recipient.userId),
    ownTime: null,
    leaving: null,
    now,
    caps: null,
    composed: null,
  };
}

function addressOf({ person }: Recipient, { channel }: GatePlan): string | null {
  if (channel.address.kind === 'email') return person.email;
  return channel.address.kind === 'phone' ? person.phone : null;
}

function targetsOf({ pushTargets }: Recipient, { channel, message }: GatePlan): readonly PushTarget[] {
  const { address } = channel;
  if (address.kind !== 'push') return noTargets;
  const silent = channel.isSilent?.(message) ?? false;
  const fitting = pushTargets.filter(
    ({ platform, foreground }) => platform === address.platform && (foreground || silent),
  );
  if (!channel.mostRecentDeviceOnly?.(message)) return fitting;
  return fitting.slice(0, 1); // the most recently used comes first
}
