import type { Db } from '../db/database.ts';
import type { SendOrigins } from '../dispatch/ledger/feedback/send-origins.ts';
import { type SentText, textsToNumbers } from '../dispatch/ledger/feedback/texts-to-numbers.ts';
import { sendKey } from '../dispatch/ledger/send.ts';
import { peopleWith } from '../people/consent/holders.ts';
import { idKey } from '../workspace/catalog.ts';
import type { WaitingEvent } from './waiting-events.ts';

/** How long a text is taken for the one that was answered, in milliseconds: as long as the statistics of sends. */
const ANSWERED_MS = 14 * 86_400_000;

/** Whether it is a STOP or a HELP that somebody texted. A provider's refusal because of a STOP has a code. */
export function isKeyword({ channel, kind, send, address, groupId, code }: WaitingEvent): boolean {
  const isInbound = channel === 'sms' && send === null && code === null && address !== null && groupId !== null;
  return isInbound && (kind === 'opted_out' || kind === 'replied');
}

/**
 * Finds the texts that STOP and HELP answer, by the ids of the events: the last one that a provider accepted for the number
 * and the group in the fourteen days before. Decision 69.
 */
export async function findAnsweredTexts(
  db: Db,
  origins: SendOrigins,
  events: readonly WaitingEvent[],
): Promise<ReadonlyMap<string, SentText>> {
  const answered = new Map<string, SentText>();
  for (const [workspaceId, ones] of Map.groupBy(events.filter(isKeyword), (event) => event.workspaceId)) {
    const texts = await textsBefore(db, workspaceId, ones);
    const originsOf = await origins.read(db, texts);
    for (const event of ones) {
      const text = texts.find(
        (one) => fits(one, event) && isOfGroup(originsOf.get(sendKey(one))?.groupId, event.groupId),
      );
      if (text !== undefined) answered.set(event.id, text);
    }
  }
  return answered;
}

async function textsBefore(db: Db, workspaceId: number, events: readonly WaitingEvent[]): Promise<SentText[]> {
  const numbers = [...new Set(events.map(({ address }) => address).filter((number) => number !== null))];
  const times = events.map(({ occurredAt }) => occurredAt.getTime());
  return textsToNumbers(db, {
    channel: 'sms',
    people: await peopleWith(db, workspaceId, { emails: [], phones: numbers }),
    numbers,
    since: new Date(Math.min(...times) - ANSWERED_MS),
    until: new Date(Math.max(...times)),
  });
}

function fits({ address, updatedAt }: SentText, { address: number, occurredAt }: WaitingEvent): boolean {
  const ageMs = occurredAt.getTime() - updatedAt.getTime();
  return address === number && ageMs >= 0 && ageMs <= ANSWERED_MS;
}

function isOfGroup(one: string | null | undefined, other: string | null): boolean {
  return one != null && other !== null && idKey(one) === idKey(other);
}
