import { type Sql, sql } from '../db/sql.ts';

/**
 * The ids of tasks of broadcasts to be leased next, so that each broadcast has its turn: the oldest free task of every one of
 * them, then the second of every one, and so on; among those, the broadcast whose last turn was longest ago: a task that had its
 * turn is due anew from then on. By age alone, a small broadcast would wait until all 256 tasks of each larger
 * one had sent a page. Goes from one broadcast to the next by the index tasks_turns, however many tasks they have.
 * `isFree`: of a task `t`.
 */
export function idsInTurn({ isFree, now, limit }: { isFree: Sql; now: Date; limit: number }): Sql {
  const isSending = sql`t.lane = 1 and t.kind <> 'expand'`;
  return sql`
    with recursive broadcasts as (
      (select t.dispatch_id from tasks t where ${isSending} order by t.dispatch_id limit 1)
      union all
      select next.dispatch_id
        from broadcasts
       cross join lateral (
         select t.dispatch_id
           from tasks t
          where ${isSending} and t.dispatch_id > broadcasts.dispatch_id
          order by t.dispatch_id
          limit 1
       ) as next
    )
    select one.id
      from broadcasts
     cross join lateral (
       select t.id, t.run_at, row_number() over (order by t.run_at, t.id) as place
         from (select t.id, t.run_at
                 from tasks t
                where ${isSending} and t.dispatch_id = broadcasts.dispatch_id and t.run_at <= ${now} and ${isFree}
                order by t.run_at, t.id
                limit ${limit}) as t
     ) as one
     cross join lateral (
       select max(t.run_at) as at
         from tasks t
        where ${isSending} and t.dispatch_id = broadcasts.dispatch_id and t.run_at <= ${now}
     ) as last_turn
     order by one.place, last_turn.at, one.run_at, one.id
     limit ${limit}`;
}
