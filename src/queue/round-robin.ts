import { raw, type Sql, sql } from '../db/sql.ts';

export interface Turns {
  lane: number;
  /** A condition on a task `t`. */
  isFree: Sql;
  now: Date;
  limit: number;
}

/**
 * The ids of the tasks of a lane to be leased next, expansions apart, so that each dispatch has its turn: the oldest free task
 * of every one of them, then the second of every one, and so on; among those, the dispatch whose last turn was longest ago: a
 * task that had its turn is due anew from then on. By age alone, a small broadcast would wait until all 256 tasks of each
 * larger one had sent a page. Goes from one dispatch to the next by the index tasks_turns, however many tasks they have.
 */
export function idsInTurn({ lane, isFree, now, limit }: Turns): Sql {
  // Written out, because the index holds the tasks of one lane: of a parameter PostgreSQL could not tell whether it is that one.
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
       select t.id, t.run_at, row_number() over (order by t.run_at, t.id) as place
         from (select t.id, t.run_at
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
     order by one.place, last_turn.at, one.run_at, one.id
     limit ${limit}`;
}
