import { intArray, textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { hotStatement } from '../../db/hot-statement.ts';
import { sql } from '../../db/sql.ts';
import type { PersonKey } from '../profile/identify.ts';

export interface GroupState extends PersonKey {
  groupId: string;
  state: 'subscribed' | 'unsubscribed';
}

interface Saving {
  states: readonly GroupState[];
  now: Date;
}

/** The key of a person's state in a group, for maps. */
export function groupStateKey({ userId, groupId }: Pick<GroupState, 'userId' | 'groupId'>): string {
  return `${userId} ${groupId}`;
}

/**
 * Stores states of people, who are locked, at most one for each person and group. Returns the previous state of those that
 * changed, by `groupStateKey`. null: there was none.
 */
export async function saveGroupStates(
  tx: Db,
  states: readonly GroupState[],
  now: Date,
): Promise<Map<string, string | null>> {
  if (states.length === 0) return new Map();
  const rows = await save(tx, { states, now });
  return new Map(
    rows.map(({ user_id, group_id, previous }) => [groupStateKey({ userId: user_id, groupId: group_id }), previous]),
  );
}

const save = hotStatement<Saving, { user_id: number; group_id: string; previous: string | null }>(
  'save_group_states',
  (param) => sql`
    with given as materialized (
      select *
        from unnest(${param(({ states }) => intArray(states.map(({ bucket }) => bucket)))}::integer[],
                    ${param(({ states }) => intArray(states.map(({ userId }) => userId)))}::bigint[],
                    ${param(({ states }) => textArray(states.map(({ groupId }) => groupId)))}::text[],
                    ${param(({ states }) => textArray(states.map(({ state }) => state)))}::text[])
          as x(bucket, user_id, group_id, state)
    ), known as materialized (
      select g.user_id, g.group_id, s.state
        from given g
       cross join lateral (
             select state from subscription_states
              where bucket = g.bucket and user_id = g.user_id and group_id = g.group_id
             offset 0) as s
    ), saved as (
      insert into subscription_states as s (bucket, user_id, group_id, state, changed_at)
      select bucket, user_id, group_id, state, ${param(({ now }) => now)}::timestamptz from given
          on conflict (bucket, user_id, group_id) do update
         set state = excluded.state, changed_at = excluded.changed_at
       where s.state <> excluded.state
      returning user_id, group_id
    )
    select saved.user_id, saved.group_id, known.state as previous
      from saved
      left join known on known.user_id = saved.user_id and known.group_id = saved.group_id`,
);
