import { dashed, undashed } from '../../lib/uuid.ts';
import { type Schedule, timeText } from '../plan/schedule.ts';

/** The member `schedule` of a dispatch that was scheduled: its id, and the schedule as a request writes it. */
export function scheduleMember(id: string, schedule: Schedule | null): { schedule?: object } {
  if (schedule === null) return {};
  const { kind } = schedule;
  const ways = { at: {}, local: { in_local_time: true }, optimal: { at_optimal_time: true } };
  return { schedule: { schedule_id: dashed(undashed(id)), time: timeText(schedule), ...ways[kind] } };
}
