import { intArray, textArray } from '../db/array-text.ts';
import type { Database, Db } from '../db/database.ts';
import { hotStatement } from '../db/hot-statement.ts';
import { sql } from '../db/sql.ts';
import { isDataError } from '../db/sqlstates.ts';
import { RequestError } from '../errors.ts';
import { type Batcher, createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import type { Meters } from '../metrics/meters.ts';
import { FEED_CHANNEL } from '../people/consent/record/write.ts';
import type { FeedbackEvent } from './event.ts';
import { name, type StoredEvent, storedEvent, words } from './stored-event.ts';

export interface Taken {
  /** Number of events that are new. */
  taken: number;
  /** Number of events that had been taken before. */
  repeated: number;
}

/** Takes events in. Calls that come during a commit share the next one. */
export interface Intake {
  take(workspaceId: number, events: readonly FeedbackEvent[]): Promise<Taken>;
  /** Resolves when nothing is being written. */
  idle(): Promise<void>;
}

export interface IntakeOptions {
  db: Database;
  clock: Clock;
  /** Called after new events are committed, so that a worker of this process starts at once. */
  onTaken(): void;
  /** Counts what came. Absent: nobody does. */
  meters?: Meters;
}

const MOST_CALLS = 1_000;
const MOST_BYTES = 4 * 1_048_576;
const MOST_WAITING_BYTES = 32 * 1_048_576;
/** When a caller that is refused should come again, in seconds. */
const COME_AGAIN_S = 5;

export function createIntake({ db, clock, onTaken, meters }: IntakeOptions): Intake {
  const batcher: Batcher<StoredEvent[], Taken> = createBatcher({
    run: (calls) => store(db, calls),
    isOnesFault: isDataError,
    maxItems: MOST_CALLS,
    sizeOf: (events) => events.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    maxRunSize: MOST_BYTES,
    maxWaiting: 10 * MOST_CALLS,
    maxWaitingSize: MOST_WAITING_BYTES,
    whenFull: () =>
      new RequestError('queue_full', ['more feedback arrives than can be stored; send it again'], COME_AGAIN_S),
  });
  return {
    async take(workspaceId, events) {
      if (events.length === 0) return { taken: 0, repeated: 0 };
      const now = clock.now();
      const taken = await batcher(events.map((event) => storedEvent(workspaceId, event, now)));
      for (const { provider, kind } of events) meters?.heard(provider, kind);
      if (taken.taken > 0) onTaken();
      return taken;
    },
    idle: () => batcher.idle(),
  };
}

/** Stores events in a transaction of somebody else, with what they tell of. */
export async function storeWith(
  tx: Db,
  events: readonly { workspaceId: number; event: FeedbackEvent }[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return;
  await insertEvents(tx, { events: events.map(({ workspaceId, event }) => storedEvent(workspaceId, event, now)) });
  await announce(tx, {});
}

/** Stores events that the caller ends in the same transaction. Returns the ids of those that are new. */
export async function storeEvents(tx: Db, events: readonly StoredEvent[]): Promise<ReadonlySet<string>> {
  const rows = await insertEvents(tx, { events });
  return new Set(rows.map(({ id }) => id));
}

/** Stores the events of several calls in one commit. Of equal ones, in one call or several, the first counts. */
async function store(db: Database, calls: readonly StoredEvent[][]): Promise<Taken[]> {
  const events = [...new Map(calls.flat().map((event) => [event.id, event])).values()];
  const isNew = await db.byKey.transaction(async (tx) => {
    const rows = await insertEvents(tx, { events });
    if (rows.length > 0) await announce(tx, {});
    return new Set(rows.map(({ id }) => id));
  });
  return calls.map((call) => {
    const taken = call.filter(({ id }) => isNew.delete(id)).length;
    return { taken, repeated: call.length - taken };
  });
}

const announce = hotStatement<object, Record<string, unknown>>(
  'announce_feedback',
  (param) => sql`select pg_notify(${param(() => FEED_CHANNEL)}, 'new')`,
);

interface Insertion {
  events: readonly StoredEvent[];
}

const texts =
  (read: (stored: StoredEvent) => string | null) =>
  ({ events }: Insertion) =>
    textArray(events.map(read));
const ids =
  (read: (stored: StoredEvent) => number | null) =>
  ({ events }: Insertion) =>
    textArray(events.map((event) => read(event)?.toString() ?? null));

function dueAt({ event, receivedAt }: StoredEvent): string {
  return new Date(receivedAt.getTime() + (event.waitsMs ?? 0)).toISOString();
}

const insertEvents = hotStatement<Insertion, { id: string }>(
  'insert_feedback',
  (param) => sql`
    insert into feedback_events (id, workspace_id, provider, event_id, kind, channel, occurred_at, received_at, bucket,
                                 user_id, dispatch_id, provider_message_id, address, is_permanent, code, said, bot, group_id,
                                 detail, due_at)
    select id, workspace_id, provider, event_id, kind, channel, occurred_at, received_at, bucket, user_id, dispatch_id,
           message_id, address, is_permanent, code, said, bot, group_id, detail, due_at
      from unnest(${param(texts(({ id }) => id))}::uuid[],
                  ${param(({ events }) => intArray(events.map(({ workspaceId }) => workspaceId)))}::integer[],
                  ${param(texts(({ event }) => name(event.provider)))}::text[],
                  ${param(texts(({ event }) => name(event.eventId)))}::text[],
                  ${param(texts(({ event }) => event.kind))}::text[],
                  ${param(texts(({ event, send }) => send?.channel ?? event.channel))}::text[],
                  ${param(texts(({ occurredAt }) => occurredAt.toISOString()))}::timestamptz[],
                  ${param(texts(({ receivedAt }) => receivedAt.toISOString()))}::timestamptz[],
                  ${param(ids(({ send }) => send?.bucket ?? null))}::integer[],
                  ${param(ids(({ send }) => send?.userId ?? null))}::bigint[],
                  ${param(texts(({ send }) => send?.dispatchId ?? null))}::uuid[],
                  ${param(texts(({ event }) => name(event.providerMessageId)))}::text[],
                  ${param(texts(({ event }) => name(event.address)))}::text[],
                  ${param(texts(({ event }) => String(event.permanent === true)))}::boolean[],
                  ${param(texts(({ event }) => words(event.code)))}::text[],
                  ${param(texts(({ event }) => words(event.text)))}::text[],
                  ${param(texts(({ event }) => event.bot ?? null))}::text[],
                  ${param(texts(({ event }) => event.subscriptionGroupId ?? null))}::text[],
                  ${param(texts(({ detail }) => detail))}::json[], ${param(texts(dueAt))}::timestamptz[])
        as x(id, workspace_id, provider, event_id, kind, channel, occurred_at, received_at, bucket, user_id, dispatch_id,
             message_id, address, is_permanent, code, said, bot, group_id, detail, due_at)
     order by id
        on conflict do nothing
    returning id`,
);
