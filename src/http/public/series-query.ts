import { RequestError } from '../../errors.ts';
import { shown } from '../../lib/raw/json.ts';
import { readDateTime, readOneOf } from '../query.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MOST = 100;
/** Series end on this day at the earliest, so that no day of theirs is before 1970. */
const EARLIEST_MS = Date.UTC(1971, 0, 1);

export type Unit = 'day' | 'hour';

/** What a data series is asked for. */
export interface Series {
  unit: Unit;
  /** The beginning of each day or hour in UTC, oldest first. Days that have not begun are left out. */
  starts: readonly Date[];
}

/** The parameters of every data series. */
export const seriesParameters = ['length', 'ending_at'] as const;

/** Reads a series of days. Throws RequestError. Source: more-endpoints.md §2.2. */
export function readDaySeries(query: URLSearchParams, now: Date): Series {
  return seriesOf('day', query, now);
}

/** Reads a series of days or hours, by `unit`. Throws RequestError. */
export function readSeries(query: URLSearchParams, now: Date): Series {
  return seriesOf(readOneOf(query, 'unit', ['day', 'hour']) === 'hour' ? 'hour' : 'day', query, now);
}

/** The parameters of a series of a Canvas that say its days. */
export const canvasSeriesParameters = [...seriesParameters, 'starting_at'] as const;
export const MOST_OF_CANVAS = 14;

/** Reads the days of a Canvas: from `starting_at`, or the last `length`, at most 14. Throws RequestError. Source: more-endpoints.md §3.1. */
export function readCanvasSeries(query: URLSearchParams, now: Date): Series {
  const lastMs = startOfDay(readEnd(query, now));
  const starting = readDateTime(query, 'starting_at');
  const length = starting === null ? readCanvasLength(query) : (lastMs - startOfDay(starting.getTime())) / DAY_MS + 1;
  if (length < 1) throw new RequestError('bad_request', ['starting_at: expected a time before ending_at']);
  if (length > MOST_OF_CANVAS)
    throw new RequestError('bad_request', [`starting_at: expected at most ${MOST_OF_CANVAS} days, got ${length}`]);
  return { unit: 'day', starts: startsOf(length, lastMs, DAY_MS, now) };
}

function readCanvasLength(query: URLSearchParams): number {
  const value = query.get('length')?.trim() ?? '';
  const length = /^\d{1,2}$/.test(value) ? Number(value) : 0;
  if (length >= 1 && length <= MOST_OF_CANVAS) return length;
  const problem = `length: expected 1 to ${MOST_OF_CANVAS}, or starting_at, got "${shown(value)}"`;
  throw new RequestError('bad_request', [problem]);
}

function startOfDay(ms: number): number {
  return ms - (((ms % DAY_MS) + DAY_MS) % DAY_MS);
}

function startsOf(length: number, lastMs: number, stepMs: number, now: Date): Date[] {
  const starts = Array.from({ length }, (_, index) => lastMs - (length - 1 - index) * stepMs);
  return starts.filter((startMs) => startMs <= now.getTime()).map((startMs) => new Date(startMs));
}

function seriesOf(unit: Unit, query: URLSearchParams, now: Date): Series {
  const length = readLength(query);
  const endMs = readEnd(query, now);
  const stepMs = unit === 'day' ? DAY_MS : HOUR_MS;
  const lastMs = endMs - (endMs % stepMs);
  return { unit, starts: startsOf(length, lastMs, stepMs, now) };
}

function readLength(query: URLSearchParams): number {
  const value = query.get('length')?.trim() ?? '';
  const length = /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (length < 1 || length > MOST) throw new RequestError('invalid_length');
  return length;
}

/** The last instant of the series, in milliseconds since 1970. A date without a time is the whole day. */
function readEnd(query: URLSearchParams, now: Date): number {
  const ending = readDateTime(query, 'ending_at');
  if (ending === null) return now.getTime();
  if (ending.getTime() < EARLIEST_MS) throw new RequestError('bad_request', ['ending_at: expected 1971 or later']);
  const isDate = /^\d{4}-\d\d-\d\d$/.test(query.get('ending_at')?.trim() ?? '');
  return isDate ? ending.getTime() + DAY_MS - 1 : ending.getTime();
}

/** How a series says the beginning of a day or an hour. */
export function timeOf(unit: Unit, start: Date): string {
  return unit === 'day' ? dayOf(start) : start.toISOString();
}

/** YYYY-MM-DD in UTC. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
