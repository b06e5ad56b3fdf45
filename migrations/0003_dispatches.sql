-- 0003_dispatches.sql: the ledger. Tables that grow with every message are partitioned by dispatch id: a UUIDv7 begins
-- with its time, so a day is a range of ids, a dispatch prunes to its day, and retention drops a partition. The default
-- partitions catch what housekeeping has not made room for: late is better than lost.
create table dispatches (
  id           uuid not null primary key,
  workspace_id integer not null,
  accepted_at  timestamptz not null,
  api_key_id   uuid,
  request_id   uuid,
  lane         smallint not null,              -- 0 = people were named, 1 = broadcast
  state        text not null check (state in ('accepted', 'sending', 'paused', 'finished', 'cancelled', 'failed')),
  request      json not null,                  -- as understood; see src/dispatch/plan.ts. json, not jsonb: keeps \u0000
  campaign_id  text,
  send_id      text,
  open_tasks   integer not null,               -- finished when none is left
  targeted     integer,                        -- known once expanded
  refusals     json not null default '[]',     -- named people refused before any channel: identifier and reason
  counts       jsonb,                          -- by channel and status, once finished
  failure      text,
  finished_at  timestamptz,
  cancelled_at timestamptz
) partition by range (id);
create table dispatches_default partition of dispatches default;
create index dispatches_recent on dispatches (workspace_id, accepted_at);

-- One row per person and channel of a dispatch. It is written before anything is tried, and it is the outcome.
create type send_status as enum ('pending', 'sending', 'sent', 'skipped', 'aborted', 'failed', 'bounced', 'expired',
                                 'unknown', 'cancelled');
create table sends (
  bucket       integer not null,
  dispatch_id  uuid not null,
  user_id      bigint not null,
  channel      text not null,
  status       send_status not null default 'pending',
  attempts     smallint not null default 0,
  due_at       timestamptz,                    -- of the next attempt, while pending; null = at once
  updated_at   timestamptz not null,
  reason       text,                           -- eligibility.md 1; null while it has none
  detail       text,                           -- for people: what exactly
  provider_code text,
  provider_message_id text,
  address      text,                           -- where it was sent
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
create table sends_default partition of sends default with (fillfactor = 60);
create index sends_person on sends (bucket, user_id, dispatch_id);

create table tasks (
  id           bigint generated always as identity primary key,
  dispatch_id  uuid not null,
  workspace_id integer not null,
  lane         smallint not null,
  kind         text not null check (kind in ('expand', 'drain')),
  bucket       integer,                        -- null = every bucket
  run_at       timestamptz not null,
  leased_until timestamptz,                    -- null = free
  worker       uuid,
  tries        integer not null default 0
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
create index tasks_due on tasks (lane, run_at, id);
create index tasks_dispatch on tasks (dispatch_id);

-- What counts toward frequency caps, and nothing else: one row per send while it has or may take a place.
create table cap_places (
  bucket      integer not null,
  user_id     bigint not null,
  dispatch_id uuid not null,
  channel     text not null,
  campaign_id text,
  taken_at    timestamptz not null,
  primary key (bucket, user_id, dispatch_id, channel)
);

create table sandbox_messages (
  bucket       integer not null,
  dispatch_id  uuid not null,
  user_id      bigint not null,
  channel      text not null,
  workspace_id integer not null,
  address      text,
  message      json not null,                  -- as the person would see it
  delivered_at timestamptz not null,
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
create table sandbox_messages_default partition of sandbox_messages default;
create index sandbox_messages_recent on sandbox_messages (workspace_id, dispatch_id);

create table idempotency_keys (
  workspace_id integer not null,
  path         text not null,
  key          text not null,
  body_hash    bytea not null,
  dispatch_id  uuid not null,
  answer       json not null,
  created_at   timestamptz not null,
  primary key (workspace_id, path, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Not logged: a crash of the database may forget the current window, as the specification allows.
create unlogged table rate_windows (
  workspace_id integer not null,
  bucket       text not null,
  started_at   timestamptz not null,
  most         bigint not null,                -- the limit as last asked for
  prior        bigint not null,                -- used before the last count
  used         bigint not null,
  primary key (workspace_id, bucket, started_at)
);

-- The developer console's log.
create table activity_log (
  id           uuid primary key,
  workspace_id integer not null,
  occurred_at  timestamptz not null,
  category     text not null,
  dispatch_id  uuid,
  record       json not null
);
create index activity_log_recent on activity_log (workspace_id, occurred_at);

create function first_dispatch_id(at timestamptz) returns uuid
  language sql immutable strict parallel safe
  return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;

-- Makes the partitions of the days from `first` on, as far as they are missing. A day of which the default partition
-- already holds rows stays there.
create function make_daily_partitions(first date, days integer) returns void language plpgsql as $$
declare
  parent text;
  day date;
begin
  foreach parent in array array['dispatches', 'sends', 'sandbox_messages'] loop
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
