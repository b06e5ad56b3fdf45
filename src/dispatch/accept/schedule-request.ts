import { RequestError } from '../../errors.ts';
import { describe, isObject, own, type RawObject, shown } from '../../lib/raw/json.ts';
import { isGiven, readFlag } from '../../lib/raw/lenient.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { WatchedReader } from '../../lib/raw/watched-reader.ts';
import { readIsoTime } from '../../lib/time/times.ts';
import { lastTime, type Schedule, timeText } from '../plan/schedule.ts';

/** How long ago the time of a schedule may be that is to go out at once, in milliseconds. */
const GRACE_MS = 300_000;
const DAY_MS = 86_400_000;
/** A zone other than UTC, after a time of day. */
const otherZone = /(?<=:\d\d(?:\.\d+)?)\s?[+-](?!00:?(?:00)?$)\d{1,2}:?(?:\d\d)?$/;
const zone = /\s?(?:[Zz]|UTC|GMT|[+-]\d{1,2}:?(?:\d\d)?)$/;

/** A schedule as it was asked for, and remarks about it. */
export interface ReadSchedule {
  schedule: Schedule;
  warnings: readonly string[];
}

/**
 * Reads the member `schedule` of a body. Throws RequestError if it is missing, is wrong, or has passed: for a local time,
 * in every zone. Source: adjacent-endpoints.md §4.1.
 */
export function readSchedule(body: RawObject, now: Date): ReadSchedule {
  const raw = own(body, 'schedule');
  if (!isObject(raw)) refuse('schedule', `expected an object with time, got ${describe(raw)}`);
  const problems = new Problems();
  const reader = new WatchedReader(raw, 'schedule', problems);
  const inLocalTime = reader.scalar('in_local_time', readFlag) ?? false;
  const atOptimalTime = reader.scalar('at_optimal_time', readFlag) ?? false;
  const time = reader.get('time');
  problems.throwIfAny();
  problems.warnAtEnd();
  const kind = atOptimalTime ? 'optimal' : inLocalTime ? 'local' : 'at';
  const schedule: Schedule = { kind, time: new Date(timeOf(time, kind)).toISOString() };
  if (isOver(schedule, now))
    refuse('schedule.time', `${passed[kind]}, got ${timeText(schedule)}; it is ${now.toISOString()}`);
  return { schedule, warnings: [...problems.warnings, ...warningsOfZone(time, kind)] };
}

/** `Z` is how the original's examples write a local time, and UTC how programs write any: only another zone is meant. */
function warningsOfZone(time: unknown, kind: Schedule['kind']): string[] {
  if (kind === 'at') return [];
  const [written] = otherZone.exec(String(time).trim()) ?? [];
  if (written === undefined) return [];
  const member = kind === 'local' ? 'in_local_time' : 'at_optimal_time';
  return [`schedule.time: its zone ${written.trim()} is dropped: with ${member} each person's own counts`];
}

const passed = {
  at: 'expected a time to come',
  local: 'expected a time that is to come in some time zone',
  optimal: 'expected a day that is not over in every time zone',
};

/** Of a local time, a zone that is written with it is dropped; for the optimal time, the time of day is, too. */
function timeOf(value: unknown, kind: Schedule['kind']): number {
  if (!isGiven(value)) refuse('schedule.time', 'is required: an ISO 8601 time such as 2027-03-15T12:00:00Z');
  const text = typeof value === 'string' ? value.trim() : '';
  const isWhole = readIsoTime(text) !== null;
  const ms = kind === 'at' || /^\d{4}-\d\d-\d\d$/.test(text) ? readIsoTime(text) : readIsoTime(text.replace(zone, ''));
  if (!isWhole || ms === null) {
    const came = typeof value === 'string' ? `"${shown(value)}"` : describe(value);
    refuse('schedule.time', `expected an ISO 8601 time such as 2027-03-15T12:00:00Z, got ${came}`);
  }
  return kind === 'optimal' ? Math.floor(ms / DAY_MS) * DAY_MS : ms;
}

function isOver(schedule: Schedule, now: Date): boolean {
  const graceMs = schedule.kind === 'at' ? GRACE_MS : 0;
  return lastTime(schedule).getTime() + graceMs < now.getTime();
}

function refuse(path: string, reason: string): never {
  throw new RequestError('bad_request', [`${path}: ${reason}`]);
}
