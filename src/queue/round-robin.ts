import { raw, type Sql, sql } from '../db/sql.ts';

export interface Turns {
  lane: number;
  /** Condition: the task `t` is free. */
  isFree: Sql;
  now: Date;
  limit: number;
}

/**
 * Selects the ids of the tasks of a lane to lease next, without expansions, so that each dispatch has its turn: first
 * the oldest free task of every dispatch, then the second of every dispatch, and so on. Within each of these steps, the
 * dispatch whose last turn was longest ago comes first. (A task that had its turn becomes due at that moment.) Ordered
 * by age alone, a small broadcast would wait until all 256 tasks of each larger one had sent a page. The query steps
 * from one dispatch to the next by the index tasks_turns, so the number of their tasks does not matter.
 *
 * Workspaces have turns in the same way, before their dispatches: one with ten broadcasts gets no more than one with one.
 */
export function idsInTurn({ lane, isFree, now, limit }: Turns): Sql {
  // The lane is a literal, because with a parameter PostgreSQL could not tell that the partial index of this lane
  // applies.
  const isSending = sql`t.lane = ${raw(String(lane))} and t.kind <> 'expand'`;
  return sql`
    with recursive waiting as (
      (select t.dispatch_id from tasks t where ${isSending} order by t.dispatch_id limit 1)
      union all
      select next.dispatch_id
        from waiting
       cross join lateral (
         select t.dispatch_id
           from tasks t
          where ${isSending} and t.dispatch_id > waiting.dispatch_id
          order by t.dispatch_id
          limit 1
       ) as next
    )
    select one.id
      from waiting
     cross join lateral (
       select t.id, t.workspace_id, t.run_at, row_number() over (order by t.run_at, t.id) as place
         from (select t.id, t.workspace_id, t.run_at
                 from tasks t
                where ${isSending} and t.dispatch_id = waiting.dispatch_id and t.run_at <= ${now} and ${isFree}
                order by t.run_at, t.id
                limit ${limit}) as t
     ) as one
     cross join lateral (
       select max(t.run_at) as at
         from tasks t
        where ${isSending} and t.dispatch_id = waiting.dispatch_id and t.run_at <= ${now}
     ) as last_turn
     order by row_number() over (partition by one.workspace_id order by one.place, last_turn.at, one.run_at, one.id),
              max(last_turn.at) over (partition by one.workspace_id), last_turn.at, one.run_at, one.id
     limit ${limit}`;
}
