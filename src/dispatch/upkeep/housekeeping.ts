import type { Logger } from 'pino';
import { forgetExpiredCards } from '../../cards/forget.ts';
import { forgetTexts } from '../../content/forget-texts.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { isSqlstate } from '../../db/sqlstates.ts';
import { forgetFeedback } from '../../feedback/forget.ts';
import { forgetShortLinks } from '../../feedback/tracking/short-links.ts';
import { forgetDeletedCatalogs } from '../../item-catalogs/catalogs-store.ts';
import type { Clock } from '../../lib/clock.ts';
import { sumUpActiveDays } from '../../people/activity/active-people.ts';
import { sumUpOldHours } from '../../people/activity/counts.ts';
import { forgetWaitingStates } from '../../people/consent/email-state.ts';
import { forgetWaitingGroups } from '../../people/consent/waiting-groups.ts';
import { forgetRemovals } from '../../people/tokens/token-removals.ts';
import { forgetSessionDays } from '../../people/track/sessions.ts';
import { forgetWindowsOfWhatsApp } from '../../people/whats-app/windows.ts';
import { forgetKeys } from '../accept/idempotency.ts';
import { forgetWindows } from '../accept/rate-windows.ts';
import { forgetQuotas } from '../accounts/call-quotas.ts';
import { forgetActivity } from '../ledger/activity-log.ts';
import { forgetLists } from '../ledger/lists/uploads.ts';
import { forgetStarts } from '../ledger/pace/starts.ts';
import { forgetOldSlots } from '../ledger/person/slots.ts';
import { forgetSentDays } from '../ledger/sent-days.ts';
import { sumUpOldDays } from '../ledger/statistics/campaign-days.ts';
import { totalPastDays } from '../ledger/statistics/day-totals.ts';
import { sumUpOldFeedback } from '../ledger/statistics/feedback-days.ts';
import { forgetOldDays, oldestDay } from './retention.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Wait after a table was too busy to add or drop a partition, in milliseconds. */
const AFTER_BUSY_MS = 60_000;

export interface HousekeepingOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Number of days for which dispatches and their sends are kept. 0: for ever. */
  retentionDays: number;
}

/** Adds partitions for the coming days and deletes old data. Several processes may run it at once. */
export async function keepHouse(options: HousekeepingOptions): Promise<void> {
  const now = options.clock.now();
  await addPartitions(options.db, now);
  await forget(options, now);
}

async function forget({ db, log, retentionDays }: HousekeepingOptions, now: Date): Promise<void> {
  await forgetSmallThings(db, now);
  const { dropped, kept } = await forgetOldDays(db, { days: retentionDays, now });
  if (dropped.length > 0) log.info({ days: dropped }, 'dropped the ledger of old days');
  if (kept.length > 0) log.warn({ days: kept }, 'old days are kept: they hold dispatches that are not over');
  if (retentionDays === 0) return;
  await forgetFeedback(db, new Date(now.getTime() - retentionDays * DAY));
  await forgetRemovals(db, new Date(now.getTime() - retentionDays * DAY));
  // A dispatch may have been accepted a moment after its texts were replaced.
  await forgetTexts(db, new Date((await oldestDay(db, { days: retentionDays, now })).getTime() - DAY));
}

/** Adding a partition waits for all users of the table, and later users wait for it. So it gives up soon. */
async function addPartitions(db: Database, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    // If two processes added the same partition at once, one of them would fail.
    await tx.run(sql`select pg_advisory_xact_lock(hashtext('cresset housekeeping'))`);
    await tx.run(sql`select set_config('lock_timeout', '500ms', true)`);
    await tx.run(sql`select make_daily_partitions((${now}::timestamptz at time zone 'UTC')::date, 3)`);
  });
}

async function forgetSmallThings(db: Database, now: Date): Promise<void> {
  const ago = (hours: number) => new Date(now.getTime() - hours * HOUR);
  await forgetWindows(db, ago(2));
  await forgetSentDays(db, ago(48));
  await forgetQuotas(db, ago(2));
  await forgetStarts(db, ago(40 * 24));
  await forgetKeys(db, ago(24));
  await forgetLists(db, ago(24));
  await forgetActivity(db, ago(60));
  await forgetOldSlots(db, now);
  await forgetExpiredCards(db, now);
  await forgetWaitingStates(db, now);
  await forgetWaitingGroups(db, now);
  await forgetSessionDays(db, now);
  await forgetWindowsOfWhatsApp(db, now);
  await sumUpOldDays(db, now);
  await sumUpOldFeedback(db, now);
  await totalPastDays(db, now); // after the two, which change rows of past days
  await sumUpOldHours(db, now);
  await sumUpActiveDays(db, now);
  await forgetDeletedCatalogs(db);
  await forgetShortLinks(db, now);
}

/**
 * Keeps house at once and then every hour. The returned function stops it and waits for a run in progress. `isNew`: the
 * database was just made, so that at first there is nothing to delete.
 */
export async function startHousekeeping(
  options: HousekeepingOptions & { isNew?: boolean | undefined },
): Promise<() => Promise<void>> {
  const { clock, log } = options;
  let cancel = (): void => undefined;
  let stopped = false;
  let running = keep(options.isNew === true ? () => addPartitions(options.db, clock.now()) : () => keepHouse(options));

  async function keep(work: () => Promise<void>): Promise<void> {
    let nextMs = HOUR;
    try {
      await work();
    } catch (error) {
      if (isSqlstate(error, 'lock_not_available')) nextMs = AFTER_BUSY_MS;
      log.error({ err: error }, 'housekeeping failed; trying again');
    }
    if (!stopped) cancel = clock.after(nextMs, again);
  }

  function again(): void {
    running = keep(() => keepHouse(options));
  }

  await running;
  return async () => {
    stopped = true;
    cancel();
    await running;
  };
}
