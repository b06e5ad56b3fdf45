import type { PushTarget, Recipient } from '../../people/profile/facts.ts';
import type { GatePlan } from '../plan/loaded-dispatch.ts';
import type { CapFacts } from './caps.ts';
import type { Composed } from './compose.ts';

/** Everything that one send is decided from. A fact that is not known yet objects to nothing. */
export interface SendFacts {
  /** null: deleted since it was targeted. */
  recipient: Recipient | null;
  plan: GatePlan;
  /** Where the message goes; null where there is none, and for channels that go to devices or nowhere. */
  address: string | null;
  /** The devices that the message goes to. */
  pushTargets: readonly PushTarget[];
  turn: AddressTurn;
  now: Date;
  /** null: no cap concerns this send, or the slots of its person are not read yet. */
  caps: CapFacts | null;
  /** null: not composed yet. */
  composed: Composed | null;
}

/**
 * Whose turn it is where several people of a broadcast have one address:
 * `own`: this person's, or nobody shares it; `taken`: that of one who comes before; `passed`: that of one who comes after,
 * because this person may not be sent to; `later`: not known before everybody of the audience is.
 */
export type AddressTurn = 'own' | 'taken' | 'passed' | 'later';

const noTargets: readonly PushTarget[] = [];

/** What is known before the slots are read and the message is composed. Source: eligibility.md §2. */
export function factsOf(recipient: Recipient | null, plan: GatePlan, turn: AddressTurn, now: Date): SendFacts {
  return {
    recipient,
    plan,
    address: recipient === null ? null : addressOf(recipient, plan),
    pushTargets: recipient === null ? noTargets : targetsOf(recipient, plan),
    turn,
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
