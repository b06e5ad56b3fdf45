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
  const needed = new Set(messages.flatMap(({ channel }) => channel.needs));
  const ofGates: RecipientNeeds = {
    custom: false,
    details: false,
    push: needed.has('push'),
    groups: needed.has('groups'),
    emailFlags: needed.has('emailFlags'),
    phoneFlags: needed.has('phoneFlags'),
    sharing: isBroadcast,
  };
  const read = messages.flatMap(({ reads }) => [...reads].filter((one) => one !== 'links'));
  return needsToKnow(read, ofGates);
}
