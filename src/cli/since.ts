import type { Db } from '../db/database.ts';
import { wallClock, zonedTime } from '../lib/time/time-zone.ts';
import { readIsoTime } from '../lib/time/times.ts';
import { findTimeZone } from '../workspace/workspaces.ts';
import { UsageError } from './usage-error.ts';

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const daysAgo: Readonly<Record<string, number>> = { today: 0, yesterday: 1 };

/** How the option is explained in the help of commands. */
export const sinceMeaning =
  'today, yesterday, a date or time such as 2026-03-15 or 2026-03-15T12:00Z, or 30m, 6h, 2d ago; without a zone by the clock of the workspace';

/** What `--since` says. The zone counts for days, and for dates and times without one. */
export type Since = (now: Date, timeZone: string) => Date;

/** Reads `--since`. Throws UsageError. */
export function readSince(given: string): Since {
  const text = given.trim();
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return (now) => new Date(now.getTime() - Number(count) * (unitMs[unit ?? ''] ?? 0));
  const days = daysAgo[text.toLowerCase()];
  if (days !== undefined) return (now, timeZone) => midnight(now, days, timeZone);
  const ms = readIsoTime(text);
  if (ms !== null) return (_now, timeZone) => (namesZone(text) ? new Date(ms) : zonedTime(new Date(ms), timeZone));
  throw new UsageError(
    `--since ${given}: expected today, yesterday, a date such as 2026-03-15, a time such as 2026-03-15T12:00Z, or 30m, 6h, 2d ago`,
  );
}

/** What `--since` means in a workspace. null: it was not given. */
export async function sinceIn(db: Db, workspaceId: number, since: Since | null, now: Date): Promise<Date | null> {
  return since === null ? null : since(now, await findTimeZone(db, workspaceId));
}

/** The beginning of a day in a zone: of the day that it is there, or of one before. */
function midnight(now: Date, daysBefore: number, timeZone: string): Date {
  const [year = 0, month = 1, day = 1] = wallClock(now, timeZone);
  return zonedTime(new Date(Date.UTC(year, month - 1, day - daysBefore)), timeZone);
}

/** Whether an ISO time says its zone after the date, whose own hyphens are no offset. */
function namesZone(isoTime: string): boolean {
  return /[Zz+-]|UTC|GMT/.test(isoTime.slice('2026-03-15'.length));
}
