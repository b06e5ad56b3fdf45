import { needsToKnow, type RecipientNeeds } from '../../people/profile/needs.ts';
import type { PersonFacts } from '../../templating/facts.ts';
import type { Read } from '../../templating/resolve.ts';
import { idKey } from '../../workspace/catalog.ts';
import type { CompiledMessage } from './templates.ts';

/**
 * The facts to load of each recipient: those that the gates ask about the channels' addresses, and those that the
 * templates read. `isOncePerAddress`: only one of the people who share an address gets the message, so sharing must be
 * known. Pure.
 */
export function needsOf(
  messages: readonly Pick<CompiledMessage, 'channel' | 'message' | 'reads'>[],
  { isOncePerAddress }: { isOncePerAddress: boolean },
): RecipientNeeds {
  const needed = new Set(
    messages.flatMap(({ channel, message }) => [...channel.needs, ...(channel.alsoNeeds?.(message) ?? [])]),
  );
  const ofGates: RecipientNeeds = {
    custom: false,
    details: false,
    push: needed.has('push'),
    ...groupsOf(messages),
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

/** Gates ask about the group that a message names. With several, all are loaded. */
function groupsOf(
  messages: readonly Pick<CompiledMessage, 'channel' | 'message'>[],
): Pick<RecipientNeeds, 'groups' | 'group'> {
  const asking = messages.filter(({ channel }) => channel.needs.includes('groups'));
  const named = new Set(asking.map(({ channel, message }) => channel.references(message).subscriptionGroupId));
  const [only] = named;
  if (named.size === 1 && only !== undefined) return { groups: false, group: idKey(only) };
  return { groups: asking.length > 0, group: null };
}
