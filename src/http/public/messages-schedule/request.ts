import { RequestError } from '../../../errors.ts';
import { describe, own, type RawObject, shown } from '../../../lib/raw/json.ts';
import { isGiven } from '../../../lib/raw/lenient.ts';
import { dashed, undashed } from '../../../lib/uuid.ts';
import { readDateTime } from '../../query.ts';

const DAY_MS = 86_400_000;

/** Reads a schedule's id, with or without dashes, in its stored form. Throws RequestError. */
export function readScheduleId(body: RawObject): string {
  const value = own(body, 'schedule_id');
  if (!isGiven(value)) throw new RequestError('bad_request', ['schedule_id: is required']);
  if (typeof value !== 'string') {
    throw new RequestError('bad_request', [`schedule_id: expected a text, got ${describe(value)}`]);
  }
  const id = undashed(value.toLowerCase());
  if (/^[0-9a-f]{32}$/.test(id)) return dashed(id);
  throw new RequestError('bad_request', [`schedule_id does not name a pending schedule, got "${shown(value)}"`]);
}

/** Reads the end of the time that is asked for: midnight UTC of the day. Throws RequestError. */
export function readEndTime(query: URLSearchParams): Date {
  const end = readDateTime(query, 'end_time');
  if (end === null) throw new RequestError('bad_request', ['end_time: is required: an ISO 8601 date']);
  return new Date(Math.floor(end.getTime() / DAY_MS) * DAY_MS);
}
