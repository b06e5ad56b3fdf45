import { type CardEvent, findCards, markCards } from '../../cards/marks.ts';
import type { Db } from '../../db/database.ts';
import { type FeedbackDeps, takeFeedback } from '../../feedback/take.ts';
import type { Clock } from '../../lib/clock.ts';
import { describe, isObject } from '../../lib/raw/json.ts';
import { readDate } from '../../lib/raw/lenient.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import { firstProblem, ObjectProblem } from '../../lib/raw/problems.ts';
import { dashed } from '../../lib/uuid.ts';
import { nameKey, type PersonKey, resolveNames } from '../../people/profile/identify.ts';
import type { AppUser } from './content-cards-request.ts';

const MOST_EVENTS = 100;
const eventMembers = ['id', 'card_id', 'type', 'time'];
const kinds = { impression: 'shown', click: 'clicked', dismiss: 'dismissed' } as const;
const types = Object.keys(kinds) as (keyof typeof kinds)[];

/** An event as reported. `at` null: its time was not said. */
interface Reported extends Omit<CardEvent, 'at'> {
  at: Date | null;
}

/** How many events were new, had been reported before, and were of cards that the person does not have. */
export interface EventCounts {
  taken: number;
  repeated: number;
  unknown: number;
}

/** Reads the events of a report. Throws RequestError. */
export function readEvents(body: ObjectReader): Reported[] {
  const given = body.get('events');
  if (!Array.isArray(given)) throw new ObjectProblem(`events: expected an array, got ${describe(given)}`);
  if (given.length > MOST_EVENTS)
    throw new ObjectProblem(`events: expected at most ${MOST_EVENTS}, got ${given.length}`);
  return given.map((value: unknown, index) => {
    const path = `events[${index}]`;
    if (!isObject(value)) throw new ObjectProblem(`${path}: expected an object, got ${describe(value)}`);
    return readEvent(new ObjectReader(value, path, firstProblem));
  });
}

function readEvent(event: ObjectReader): Reported {
  event.refuseUnknown(eventMembers);
  const type = event.word('type', types);
  if (type === undefined) throw new ObjectProblem(`${event.at('type')}: expected one of ${types.join(', ')}`);
  return {
    id: textOf(event, 'id', /^[\w.:-]{1,64}$/, '1 to 64 letters, digits or . : _ -'),
    dispatchId: dashed(textOf(event, 'card_id', /^[0-9a-f]{32}$/, 'the id of a card')),
    kind: kinds[type],
    at: event.scalar('time', readDate) ?? null,
  };
}

function textOf(event: ObjectReader, key: string, form: RegExp, expected: string): string {
  const value = event.get(key);
  if (typeof value === 'string' && form.test(value)) return value;
  throw new ObjectProblem(`${event.at(key)}: expected ${expected}`);
}

/**
 * Notes what a user did with cards, and takes it into the statistics. Both may be repeated: the first time of a card counts,
 * and an event counts once. A dismissal of a pinned card has no effect.
 */
export async function takeCardEvents(
  { db, clock, intake }: { db: Db; clock: Clock } & FeedbackDeps,
  { workspace, externalId }: AppUser,
  reported: readonly Reported[],
): Promise<EventCounts> {
  const people = await resolveNames(db, workspace.id, [{ label: '', name: externalId }]);
  const person = people.get(nameKey('', externalId));
  if (person === undefined) return { taken: 0, repeated: 0, unknown: reported.length };
  const cards = await findCards(db, person, [...new Set(reported.map(({ dispatchId }) => dispatchId))]);
  const now = clock.now();
  const known = reported.filter(({ dispatchId }) => cards.has(dispatchId));
  const events = known.flatMap((event): CardEvent[] => {
    const card = cards.get(event.dispatchId);
    if (card === undefined || (card.isPinned && event.kind === 'dismissed')) return [];
    return [{ ...event, at: within(event.at ?? now, card.createdAt, now) }];
  });
  await markCards(db, person, events);
  const { taken, repeated } = await takeFeedback(
    { intake },
    workspace.id,
    events.map(feedbackOf(workspace.id, person)),
  );
  return { taken, repeated, unknown: reported.length - known.length };
}

/** Clocks of devices may be wrong. Nothing is done with a card before it is there, or after its report. */
function within(at: Date, first: Date, last: Date): Date {
  return new Date(Math.min(Math.max(at.getTime(), first.getTime()), last.getTime()));
}

function feedbackOf(workspaceId: number, person: PersonKey) {
  return ({ id, dispatchId, kind, at }: CardEvent) => ({
    // A client cannot take the id of another person's event.
    eventId: `${person.bucket}.${person.userId}.${id}`,
    kind,
    occurredAt: at,
    provider: 'cresset',
    channel: 'content_card' as const,
    send: { ...person, workspaceId, dispatchId, channel: 'content_card' as const },
    providerMessageId: null,
    address: null,
    code: null,
    text: null,
    detail: {},
  });
}
