import type { Logger } from 'pino';
import type { ChannelKey } from '../../channels/channel.ts';
import type { Database } from '../../db/database.ts';
import { levelOf } from '../../db/trouble.ts';
import type { Clock } from '../../lib/clock.ts';
import { type GuardedTarget, openTarget } from '../../net/guarded-post.ts';
import { readRetryAfter } from '../../net/retry-after.ts';
import { createLane, type Lane } from '../../queue/lane.ts';
import type { Catalog, EventWebhook } from '../../workspace/catalog.ts';
import type { EventKind } from '../event.ts';
import {
  beginDeliveries,
  type Delivered,
  endDelivery,
  type LeasedWebhook,
  leaseWebhook,
  nextDeliveryAt,
} from './deliveries.ts';
import { type FeedEvent, readEvents, readFeed } from './feed.ts';
import { bodyOf, signedRequest } from './standard-webhook.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Waits after each failed attempt, in milliseconds: three days in all. Source: Standard Webhooks 1.0, "Deliverability". */
const WAITS_MS = [...[5_000, 5 * MINUTE_MS, 30 * MINUTE_MS], ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS)];
/** New events that are sent at once to one webhook. */
const EVENTS_AT_ONCE = 20;
const WEBHOOKS_AT_ONCE = 8;
/** Webhooks that take longer let others be called. */
const SLOW = { afterMs: 1_000, mostRounds: 64 };
const TIMEOUT_MS = 15_000;
/** Wait for a webhook that is stored and that this server has not read yet, in milliseconds. */
const NOT_YET_READ_MS = 5_000;
const NOT_ALLOWED = 'the URL leads to an address or port that may not be called';

export interface EventWebhooksDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog(): Catalog;
}

/** Sends the events of workspaces to their webhooks. Any number of servers may do so, one at a time for each webhook. */
export function startEventWebhooks(deps: EventWebhooksDeps): Lane {
  const { db, clock, log } = deps;
  const lane = createLane<LeasedWebhook>({
    clock,
    roundsAtOnce: WEBHOOKS_AT_ONCE,
    slow: SLOW,
    async lease() {
      await beginDeliveries(db);
      const leased = await leaseWebhook(db, clock.now());
      return leased === null ? [] : [leased];
    },
    nextDueAt: () => nextDeliveryAt(db, clock.now()),
    async run(leased) {
      for (const one of leased)
        await deliver(deps, one).catch((error: unknown) => {
          // The lease stays, and ends by itself.
          log[levelOf(error)]({ err: error, webhook: one.name }, 'events could not be sent; trying again');
        });
    },
    onError: (error) => log[levelOf(error)]({ err: error }, 'webhooks of events could not be read; trying again'),
  });
  lane.wake();
  return lane;
}

async function deliver(deps: EventWebhooksDeps, leased: LeasedWebhook): Promise<void> {
  const { db, clock, log } = deps;
  const workspace = deps.catalog().workspace(leased.workspaceId);
  const webhook = workspace?.eventWebhooks?.find(({ name }) => name === leased.name);
  if (workspace === undefined || webhook === undefined) {
    const blockedUntil = new Date(clock.now().getTime() + NOT_YET_READ_MS);
    return endDelivery(db, leased, { ...nothing, end: leased.place, blockedUntil }, clock.now());
  }
  const { events, end } = await eventsFor(db, leased, webhook);
  const attempts = await attemptAll(events, webhook, { allow: workspace.settings.webhook.allow, clock });
  const done = {
    ...resultOf(attempts, new Map(leased.retries.map(({ place, tries }) => [place, tries])), clock.now()),
    end,
  };
  if (done.isGone) log.warn({ webhook: webhook.name }, 'a webhook of events answered 410 and is disabled');
  await endDelivery(db, leased, done, clock.now());
}

const nothing: Delivered = {
  ...{ taken: [], failed: [], givenUp: [], end: 0, isGone: false, blockedUntil: null, status: null, problem: null },
};

/** The events to try: those to be tried again, and new ones. */
async function eventsFor(
  db: Database,
  { workspaceId, place, retries, isFull }: LeasedWebhook,
  webhook: EventWebhook,
): Promise<{ events: FeedEvent[]; end: number }> {
  const again = await readEvents(
    db,
    workspaceId,
    retries.map((one) => one.place),
  );
  if (isFull) return { events: again, end: place };
  const filter = {
    ...{ workspaceId, campaignId: null, externalSendId: null },
    kinds: webhook.kinds as readonly EventKind[],
    channels: webhook.channels as readonly ChannelKey[],
  };
  const page = await readFeed(db, filter, { after: place, limit: EVENTS_AT_ONCE });
  return { events: [...again, ...page.events], end: page.end };
}

interface Attempt {
  place: number;
  /** null: there was no answer. */
  status: number | null;
  retryAfterMs: number | null;
  problem: string | null;
}

async function attemptAll(
  events: readonly FeedEvent[],
  { url, secrets }: EventWebhook,
  { allow, clock }: { allow: readonly string[]; clock: Clock },
): Promise<Attempt[]> {
  if (events.length === 0) return [];
  const failed = (problem: string) => events.map(({ place }) => ({ place, status: null, retryAfterMs: null, problem }));
  let target: GuardedTarget | null;
  try {
    target = await openTarget(url, { allow, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    return failed(problemOf(error));
  }
  if (target === null) return failed(NOT_ALLOWED);
  try {
    const open = target;
    return await Promise.all(
      events.map(async (event): Promise<Attempt> => {
        const { body, headers } = signedRequest({ id: event.id, body: bodyOf(event) }, secrets, clock.now());
        try {
          const { status, retryAfter } = await open.post(body, headers);
          const isTaken = status >= 200 && status < 300;
          const retryAfterMs = isTaken ? null : readRetryAfter(retryAfter, clock.now());
          return { place: event.place, status, retryAfterMs, problem: isTaken ? null : `it was answered ${status}` };
        } catch (error) {
          return { place: event.place, status: null, retryAfterMs: null, problem: problemOf(error) };
        }
      }),
    );
  } finally {
    await target.close();
  }
}

/** The kind of an error of the network: its code, or its name. Its text may hold the URL. */
function problemOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return `it could not be reached: ${typeof code === 'string' ? code : String(name)}`;
}

function resultOf(attempts: readonly Attempt[], tries: ReadonlyMap<number, number>, now: Date): Delivered {
  const failures = attempts.flatMap(({ place, problem, retryAfterMs }) => {
    if (problem === null) return [];
    const made = (tries.get(place) ?? 0) + 1;
    const waitMs = WAITS_MS[made - 1];
    return [{ place, tries: made, waitMs: waitMs === undefined ? null : Math.max(waitMs, retryAfterMs ?? 0) }];
  });
  const asked = Math.max(0, ...attempts.map(({ retryAfterMs }) => retryAfterMs ?? 0));
  const last = attempts.at(-1);
  return {
    ...nothing,
    taken: attempts.flatMap(({ place, problem }) => (problem === null ? [place] : [])),
    failed: failures.flatMap(({ waitMs, ...one }) =>
      waitMs === null ? [] : [{ ...one, nextAt: new Date(now.getTime() + waitMs) }],
    ),
    givenUp: failures.flatMap(({ place, waitMs }) => (waitMs === null ? [place] : [])),
    isGone: attempts.some(({ status }) => status === 410),
    blockedUntil: asked === 0 ? null : new Date(now.getTime() + asked),
    status: last?.status ?? null,
    problem: last?.problem ?? null,
  };
}
