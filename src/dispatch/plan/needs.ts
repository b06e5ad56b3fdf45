import { needsToKnow, type RecipientNeeds } from '../../people/profile/needs.ts';
import type { CompiledMessage } from './templates.ts';

/**
 * What must be loaded of each recipient: what the gates ask of the addresses that the channels go to, and what the
 * templates read. `isBroadcast`: of people who share an address, one gets the message. Pure.
 */
export function needsOf(
  messages: readonly Pick<CompiledMessage, 'channel' | 'reads'>[],
  { isBroadcast }: { isBroadcast: boolean },
): RecipientNeeds {
  const kinds = new Set(messages.map(({ channel }) => channel.address.kind));
  const ofGates: RecipientNeeds = {
    custom: false,
    details: false,
    push: kinds.has('push'),
    groups: kinds.has('phone'),
    emailFlags: kinds.has('email'),
    phoneFlags: kinds.has('phone'),
    sharing: isBroadcast,
  };
  const read = messages.flatMap(({ reads }) => [...reads].filter((one) => one !== 'links'));
  return needsToKnow(read, ofGates);
}
