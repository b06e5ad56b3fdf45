import type { ChannelKey } from '../../channels/channel.ts';
import type { Recipient } from '../../people/profile/facts.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isOncePerAddress } from '../plan/send-plan.ts';
import { decide } from './decide.ts';
import type { LoadedFacts } from './load-facts.ts';
import { type AddressTurn, factsOf } from './send-facts.ts';

/** A send of a broadcast to an address that somebody else in the workspace also has. */
export interface SharedSend {
  send: PendingSend;
  dispatch: LoadedDispatch;
  address: string;
}

/** The sends whose address is shared, which are few. Pure. */
export function sharedSends(
  sends: readonly PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  { recipients }: LoadedFacts,
): SharedSend[] {
  const shared: SharedSend[] = [];
  for (const send of sends) {
    const dispatch = dispatches.get(send.dispatchId);
    const recipient = dispatch && recipients.get(dispatch.workspace.id)?.get(send.userId);
    const address = dispatch && recipient ? sharedAddress(dispatch, send.channel, recipient) : null;
    if (dispatch !== undefined && address !== null) shared.push({ send, dispatch, address });
  }
  return shared;
}

/** null: nobody else has the address, or the channel has none. */
function sharedAddress({ plan, messages }: LoadedDispatch, channel: ChannelKey, recipient: Recipient): string | null {
  if (!isOncePerAddress(plan)) return null;
  const kind = messages.get(channel)?.channel.address.kind;
  if (kind === 'email') return recipient.sharedEmail;
  return kind === 'phone' ? recipient.sharedPhone : null;
}

/** The turn of a send. `holder`: the user id that holds the address. undefined: nobody yet. Pure. */
export function turnOf({ send }: SharedSend, holder: number | undefined): AddressTurn {
  if (holder === undefined || holder === send.userId) return 'own';
  return holder < send.userId ? 'taken' : 'passed';
}

/**
 * Chooses who gets the message of an address: the first person whom the gates do not refuse, or the first of all if
 * they refuse everybody. `people`: in order of user id. undefined: there is nobody. Pure. Source: docs/decisions/0011.
 */
export function chooseHolder(
  people: readonly PersonKey[],
  facts: ReadonlyMap<number, Recipient>,
  { dispatch, channel, now }: { dispatch: LoadedDispatch; channel: ChannelKey; now: Date },
): PersonKey | undefined {
  const message = dispatch.messages.get(channel);
  const isReachable = ({ userId }: PersonKey) =>
    message !== undefined && decide(factsOf(facts.get(userId) ?? null, message.gate, 'own', now)).kind !== 'refuse';
  return people.find(isReachable) ?? people[0];
}
