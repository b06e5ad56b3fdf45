import type { Database } from '../../../db/database.ts';
import type { PersonKey } from '../../../people/profile/identify.ts';
import { leaversAmong } from '../../expand/leavers.ts';
import { namedTimes } from '../../expand/named-times.ts';
import type { Outsider } from '../../expand/outsiders.ts';
import type { LoadedDispatch } from '../../plan/loaded-dispatch.ts';
import { isTimed } from '../../plan/schedule.ts';

/** The moment for which a dry run decides about a person: when the message would be due. */
export interface Moment {
  at: Date;
  /** The time that would be stored with the person's sends. null: none would be. */
  scheduledAt: Date | null;
  /** Why the person would no longer be targeted then. null: they would be, or the moment is that of the dispatch. */
  leaving: Outsider['reason'] | null;
}

/** The moments of people, by user id. Others have that of the dispatch. */
export type Moments = ReadonlyMap<number, Moment>;

/** The moments of people who have their own times, because the schedule is by local or optimal time. */
export async function momentsOf(
  db: Database,
  dispatch: LoadedDispatch,
  people: readonly PersonKey[],
  firesAt: Date,
): Promise<Moments> {
  if (!isTimed(dispatch.schedule)) return new Map();
  const times = await namedTimes(db, dispatch, people, firesAt);
  const placed = people.map((person) => {
    const { dueAt = null, scheduledAt = null } = times?.get(person.userId) ?? {};
    return { person, scheduledAt, at: dueAt !== null && dueAt > firesAt ? dueAt : firesAt };
  });
  const moments = new Map<number, Moment>();
  for (const group of Map.groupBy(placed, ({ at }) => at.getTime()).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const together = group.map(({ person }) => person);
    const leavers = await leaversAmong(db, dispatch, together, first.at);
    for (const { person, at, scheduledAt } of group)
      moments.set(person.userId, { at, scheduledAt, leaving: leavers.get(person.userId) ?? null });
  }
  return moments;
}
