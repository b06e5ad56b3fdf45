import type { Logger } from 'pino';
import type { Database, Db, Transaction } from '../db/database.ts';
import { retry } from '../db/retry.ts';
import { isDataError } from '../db/sqlstates.ts';
import { locateSends } from '../dispatch/ledger/feedback/located-sends.ts';
import { findMessages, messageKey } from '../dispatch/ledger/feedback/provider-messages.ts';
import { type MetricChange, type Milestone, milestones } from '../dispatch/ledger/feedback/send-feedback.ts';
import type { SendOrigin, SendOrigins } from '../dispatch/ledger/feedback/send-origins.ts';
import { type SendHappening, writeFeedback } from '../dispatch/ledger/feedback/write-feedback.ts';
import { type SendKey, sendKey } from '../dispatch/ledger/send.ts';
import { type CountedFeedback, countFeedback } from '../dispatch/ledger/statistics/feedback-days.ts';
import type { Clock } from '../lib/clock.ts';
import { countActivePeople } from '../people/activity/active-people.ts';
import { type Catalog, idKey } from '../workspace/catalog.ts';
import { findAnsweredTexts } from './answered-texts.ts';
import { isMachine } from './event.ts';
import { type FoundEvent, isStillToCome, nextTryAt, outcomeOf } from './found-event.ts';
import { heedWishes, isOfPerson, type Wish } from './heed.ts';
import { lockFeed } from './lock-feed.ts';
import { judgeEvents } from './tracking/judge-events.ts';
import {
  type Applied,
  endEvents,
  noOrigin,
  postponeEvents,
  readDueEvents,
  type WaitingEvent,
} from './waiting-events.ts';

export interface ApplyDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog(): Catalog;
  origins: SendOrigins;
}

/**
 * Most events in one transaction. The people whom they concern are locked until its end, and the thread does little else
 * while it works on them.
 */
export const MOST_AT_ONCE = 250;

/**
 * Applies the events that are due: to people, to what is kept beside their sends, and to the numbers of campaigns, in one
 * commit that ends them. One transaction of all servers does so at a time, which makes the order of the feed that of the
 * commits. Returns the number of events that it looked at.
 */
export async function applyFeedback(deps: ApplyDeps, limit = MOST_AT_ONCE): Promise<number> {
  try {
    return await retry('people', () => deps.db.byKey.transaction((tx) => applyIn(tx, deps, limit)));
  } catch (error) {
    if (!isDataError(error)) throw error;
    return limit === 1 ? refuseFirst(deps, error) : applyOneByOne(deps, limit);
  }
}

/** One event that cannot be stored must not hold up the others. */
async function applyOneByOne(deps: ApplyDeps, limit: number): Promise<number> {
  for (let count = 0; count < limit; count += 1) if ((await applyFeedback(deps, 1)) === 0) return count;
  return limit;
}

async function refuseFirst({ db, clock, log }: ApplyDeps, error: unknown): Promise<number> {
  return db.byKey.transaction(async (tx) => {
    await lockFeed(tx);
    const [event] = await readDueEvents(tx, { now: clock.now(), limit: 1 });
    if (event === undefined) return 0;
    log.error({ err: error, event: event.id }, 'an event of a provider could not be applied');
    await endEvents(tx, [
      { id: event.id, outcome: 'refused', send: event.send, ...noOrigin, bot: event.bot, code: event.code },
    ]);
    return 1;
  });
}

async function applyIn(tx: Transaction, deps: ApplyDeps, limit: number): Promise<number> {
  await lockFeed(tx);
  const now = deps.clock.now();
  const due = await readDueEvents(tx, { now, limit });
  if (due.length === 0) return 0;
  const events = await judgeEvents(tx, await findSends(tx, deps, due));
  await heed(tx, deps, events, now);
  const { waiting = [], ready = [] } = Object.groupBy(events, (one) => (isStillToCome(one) ? 'waiting' : 'ready'));
  const postponed = waiting.map((one) => ({
    id: one.event.id,
    dueAt: nextTryAt(one, now),
    isHeeded: one.address !== null,
  }));
  await postponeEvents(tx, postponed);
  await writeToLedger(tx, deps, ready);
  await endEvents(tx, ready.map(appliedOf));
  await countReaders(tx, deps, ready, now);
  return due.length;
}

function appliedOf(found: FoundEvent): Applied {
  const { event, send, origin } = found;
  return {
    id: event.id,
    outcome: outcomeOf(found),
    send: send ?? event.send,
    ...(origin === null ? noOrigin : { campaignId: origin.campaignId, externalSendId: origin.externalSendId }),
    bot: event.bot,
    code: event.code,
  };
}

/** Finds the sends that events are about: by their references, by the provider's ids of the messages, or as the text answered. */
async function findSends(tx: Db, { origins }: ApplyDeps, events: readonly WaitingEvent[]): Promise<FoundEvent[]> {
  const nameOf = ({ workspaceId, channel, messageId: id, send }: WaitingEvent) =>
    send === null && id !== null ? { workspaceId, channel, id } : null;
  const byMessage = await findMessages(
    tx,
    events.map(nameOf).filter((name) => name !== null),
  );
  const keyed = events.map((event): { event: WaitingEvent; key: SendKey | null } => {
    const name = nameOf(event);
    return { event, key: event.send ?? (name === null ? null : (byMessage.get(messageKey(name)) ?? null)) };
  });
  const keys = keyed.map(({ key }) => key).filter((key) => key !== null);
  const located = await locateSends(tx, keys);
  const answered = await findAnsweredTexts(tx, origins, events);
  const originsOf = await origins.read(tx, [...keys, ...answered.values()]);
  return keyed.map(({ event, key: named }) => {
    const answeredText = answered.get(event.id) ?? null;
    const key = named ?? answeredText;
    const send = named === null ? answeredText : (located.get(sendKey(named)) ?? null);
    const address = event.address ?? send?.address ?? null;
    return {
      event,
      send,
      origin: key === null ? null : (originsOf.get(sendKey(key)) ?? null),
      isAnswer: answeredText !== null,
      address: event.channel === 'email' ? (address?.toLowerCase() ?? null) : address,
    };
  });
}

async function heed(tx: Db, { catalog }: ApplyDeps, events: readonly FoundEvent[], now: Date): Promise<void> {
  const heeded = events
    .filter(({ event, address }) => !event.isHeeded && address !== null && isOfPerson(event))
    .sort((one, other) => one.event.occurredAt.getTime() - other.event.occurredAt.getTime());
  for (const [workspaceId, ones] of Map.groupBy(heeded, ({ event }) => event.workspaceId)) {
    const groups = catalog().workspace(workspaceId)?.subscriptionGroups;
    const wishes = ones.map(({ event, origin, address }): Wish => {
      const named = event.groupId ?? (event.channel === 'email' ? null : (origin?.groupId ?? null));
      const group = named === null ? undefined : groups?.get(idKey(named));
      const kind = group?.channel === 'email' ? 'email' : 'phone';
      return { ...event, address: address ?? '', group: group === undefined ? null : { id: group.id, kind } };
    });
    await heedWishes(tx, { workspaceId, wishes, now });
  }
}

async function writeToLedger(tx: Db, { catalog }: ApplyDeps, events: readonly FoundEvent[]): Promise<void> {
  const happenings = events.flatMap(({ event, send, isAnswer }): SendHappening[] => {
    const kind = milestoneOf(event);
    if (send === null || kind === null || isHelp({ event, isAnswer })) return [];
    const at = event.occurredAt.getTime();
    return [{ send, kind, at, code: event.code, said: event.said, isMachine: isMachine(event.bot) }];
  });
  const changed = await writeFeedback(tx, happenings);
  const origins = new Map(events.flatMap(({ send, ...one }) => (send === null ? [] : [[sendKey(send), one] as const])));
  const counted = changed.flatMap(({ send, changes }): CountedFeedback[] => {
    const found = origins.get(sendKey(send));
    return found === undefined ? [] : countedOf(catalog(), found, changes);
  });
  const helps = events.filter(isHelp).flatMap((found): CountedFeedback[] => {
    return countedOf(catalog(), found, [{ metric: 'helps', at: found.event.occurredAt.getTime(), by: 1 }]);
  });
  await countFeedback(tx, [...counted, ...helps]);
}

function countedOf(
  catalog: Catalog,
  { event, origin }: Pick<FoundEvent, 'event' | 'origin'>,
  changes: readonly MetricChange[],
): CountedFeedback[] {
  if (origin === null || origin.campaignId === null) return [];
  const { campaignId, sendId } = origin;
  const variationId = variationOf(catalog, event.workspaceId, origin);
  return [{ part: { campaignId, sendId, variationId }, channel: event.channel, changes }];
}

/** A HELP says nothing of the send that it is taken to answer, not even that it arrived. */
function isHelp({ event, isAnswer }: Pick<FoundEvent, 'event' | 'isAnswer'>): boolean {
  return isAnswer && event.kind === 'replied';
}

/** People who opened or clicked were active. */
async function countReaders(
  tx: Transaction,
  { catalog }: ApplyDeps,
  events: readonly FoundEvent[],
  now: Date,
): Promise<void> {
  const read = events.filter(
    ({ event: { kind, bot } }) => (kind === 'opened' || kind === 'clicked') && !isMachine(bot),
  );
  for (const [workspaceId, ones] of Map.groupBy(read, ({ event }) => event.workspaceId)) {
    const workspace = catalog().workspace(workspaceId);
    const did = ones.flatMap(({ send, event: { occurredAt: at } }) => (send === null ? [] : [{ key: send, at }]));
    if (workspace !== undefined) await countActivePeople(tx, { workspace, did, now });
  }
}

function milestoneOf({ kind }: WaitingEvent): Milestone | null {
  return milestones.find((milestone) => milestone === kind) ?? null;
}

function variationOf(catalog: Catalog, workspaceId: number, { campaignId, variationId }: SendOrigin): string {
  const campaign = catalog.workspace(workspaceId)?.campaigns.get(campaignId ?? '');
  return campaign?.variations.get(idKey(variationId ?? ''))?.id ?? '';
}
