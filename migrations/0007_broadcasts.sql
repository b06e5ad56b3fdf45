-- 0007_broadcasts.sql: broadcasts are written in pieces by user id, and can be stopped and taken up again. Rewrites no
-- row; the new index locks profiles against writing while it is built (1 s per million people).

-- Pieces of an audience are ranges of user ids: people lie in the table in the order in which they came, so a piece reads
-- its part of the heap once (measured on 1M: five pieces take what one statement over all takes; by buckets, every piece
-- reads nearly the whole heap).
create index profiles_workspace on profiles (workspace_id, user_id);

alter table dispatches
  add column audience_end bigint,          -- the last user id when the audience was begun: who came later is not in it
  add column expanded_at  timestamptz,     -- of broadcasts: since then every person of the audience has a row
  add column replay       json,            -- what the last replay asked for; see src/dispatch/replay.ts
  add column replayed_at  timestamptz;     -- when it did; sends are given up by their age since then

update dispatches d
   set expanded_at = accepted_at
 where lane = 1 and state in ('accepted', 'sending') and targeted is not null
   and not exists (select from tasks t where t.dispatch_id = d.id and t.kind = 'expand');

-- Under which task it was handed over: after a crash, these are the ambiguous ones, and nobody else's.
alter table sends add column task_id bigint;

alter table tasks
  add column position bigint,              -- of "expand": everybody up to this user id is written
  add column stride   bigint,              -- of "expand": user ids of the next piece
  drop constraint tasks_kind_check,
  add constraint tasks_kind_check check (kind in ('expand', 'drain', 'revive'));
create index tasks_expand on tasks (run_at, id) where kind = 'expand';

-- Who gets the one message that goes to an address which several people of a broadcast have.
create table address_claims (
  dispatch_id uuid not null,
  channel     text not null,
  address     text not null,               -- emails in lower case
  user_id     bigint not null,
  primary key (dispatch_id, channel, address)
) partition by range (dispatch_id);
create table address_claims_default partition of address_claims default;

create or replace function make_daily_partitions(first date, days integer) returns void language plpgsql as $$
declare
  parent text;
  day date;
begin
  foreach parent in array array['dispatches', 'sends', 'sandbox_messages', 'address_claims'] loop
    for day in select first + n from generate_series(0, days - 1) as n loop
      if to_regclass(format('%s_%s', parent, to_char(day, 'YYYYMMDD'))) is null then
        begin
          execute format('create table %I partition of %I for values from (%L) to (%L)%s',
            format('%s_%s', parent, to_char(day, 'YYYYMMDD')), parent,
            first_dispatch_id(day::timestamp at time zone 'UTC'), first_dispatch_id((day + 1)::timestamp at time zone 'UTC'),
            case when parent = 'sends' then ' with (fillfactor = 60)' else '' end);
        exception when check_violation then
          raise notice 'the default partition of % holds rows of %', parent, day;
        end;
      end if;
    end loop;
  end loop;
end $$;
