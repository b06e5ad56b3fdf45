import { needsToKnow, type RecipientNeeds } from '../../people/profile/needs.ts';
import type { PersonFacts } from '../../templating/facts.ts';
import type { Read } from '../../templating/resolve.ts';
import type { CompiledMessage } from './templates.ts';

/**
 * The facts to load of each recipient: those that the gates ask about the channels' addresses, and those that the
 * templates read. `isOncePerAddress`: only one of the people who share an address gets the message, so sharing must be
 * known. Pure.
 */
export function needsOf(
  messages: readonly Pick<CompiledMessage, 'channel' | 'reads'>[],
  { isOncePerAddress }: { isOncePerAddress: boolean },
): RecipientNeeds {
  const needed = new Set(messages.flatMap(({ channel }) => channel.needs));
  const ofGates: RecipientNeeds = {
    custom: false,
    details: false,
    push: needed.has('push'),
    groups: needed.has('groups'),
    emailFlags: needed.has('emailFlags'),
    phoneFlags: needed.has('phoneFlags'),
    lastWrote: needed.has('lastWrote'),
    sharing: isOncePerAddress,
  };
  const read = messages.flatMap(({ reads }) => [...reads].filter(isOfPerson));
  return needsToKnow(read, ofGates);
}

function isOfPerson(read: Read): read is keyof PersonFacts {
  return read !== 'links' && read !== 'footer' && read !== 'targetedDevice';
}
